# Install the core into .venv and run the demo: what `make demo` does, on Windows. No keys, no network.
#Requires -Version 5.1
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..')

function Find-Python {
    # the py launcher knows every installed Python; python on PATH may be the Store's placeholder, so it is started
    $candidates = @(
        @('py', '-3.12'), @('py', '-3.13'), @('py', '-3.14'),
        @('python3.12'), @('python3.13'), @('python3.14'), @('python')
    )
    foreach ($candidate in $candidates) {
        $command = $candidate[0]
        if (-not (Get-Command $command -ErrorAction SilentlyContinue)) { continue }
        $arguments = @($candidate | Select-Object -Skip 1)
        $check = 'import ensurepip, sys, venv; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))'
        try { & $command @arguments -c $check 2>$null | Out-Null } catch { continue }
        if ($LASTEXITCODE -eq 0) { return , $candidate }
    }
    throw 'Python 3.12, 3.13 or 3.14 is needed and none was found. Install one from python.org and run this again.'
}

$python = Join-Path (Get-Location) '.venv\Scripts\python.exe'
$lock = (Get-FileHash 'requirements.lock' -Algorithm SHA256).Hash.Substring(0, 16)
$stamp = ".venv\.core-$lock"

if (-not (Test-Path $stamp)) {
    if (-not (Test-Path $python)) {
        $found = Find-Python
        $arguments = @($found | Select-Object -Skip 1)
        & $found[0] @arguments -m venv .venv
        if ($LASTEXITCODE -ne 0) { throw 'The virtual environment could not be made.' }
    }
    Write-Host 'installing the core into .venv: about 1 GB, a minute on a good line'
    & $python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
    if ($LASTEXITCODE -ne 0) { throw 'The packages of requirements.lock could not be installed.' }
    & $python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    if ($LASTEXITCODE -ne 0) { throw 'nautilus-bot itself could not be installed.' }
    New-Item -ItemType File -Path $stamp -Force | Out-Null
}

& $python -m nautilus_bot.cli.main demo @args
exit $LASTEXITCODE
