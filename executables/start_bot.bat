@echo off
rem Start the bot: checks that the installation is there and hands over to nautilus-bot start.
setlocal
cd /d "%~dp0.."
if not exist ".venv\Scripts\python.exe" (
    echo error: nautilus-bot is not installed here; run executables\demo.ps1 once 1>&2
    exit /b 1
)
".venv\Scripts\python.exe" -m nautilus_bot.cli.main start %*
exit /b %ERRORLEVEL%
