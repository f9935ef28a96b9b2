# Start the bot: checks that the installation is there and hands over to `nautilus-bot start`.
#Requires -Version 5.1
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..')
$python = Join-Path (Get-Location) '.venv\Scripts\python.exe'
if (-not (Test-Path $python)) {
    Write-Host 'error: nautilus-bot is not installed here; run executables\demo.ps1 once'
    exit 1
}
& $python -m nautilus_bot.cli.main start @args
exit $LASTEXITCODE
