@echo off
rem Say whether the bot runs, with its positions and last log lines; exit code 0 or 3: checks that the installation is there and hands over to nautilus-bot status.
setlocal
cd /d "%~dp0.."
if not exist ".venv\Scripts\python.exe" (
    echo error: nautilus-bot is not installed here; run executables\demo.ps1 once 1>&2
    exit /b 1
)
".venv\Scripts\python.exe" -m nautilus_bot.cli.main status %*
exit /b %ERRORLEVEL%
