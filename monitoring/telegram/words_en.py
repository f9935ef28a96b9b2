"""English texts in Telegram's HTML; ``words_es`` has the same names with the same placeholders."""

from typing import Final

REPORT: Final = (
    "{trades} trades closed, {wins} won: <b>{pnl}</b> USDT (best {best}, worst {worst})\n"
    "Fees {fees}, funding {funding}\n"
    "Signals {signals}: {executed} executed, {refused} refused ({rules})\n"
    "Equity {first} to <b>{last}</b> USDT, deepest drawdown {drawdown} %\n{strategies}"
)

NOTIFICATIONS: Final = {
    "started": "▶️ <b>{bot}</b> started: run {run}, {mode}",
    "stopped": "⏹ <b>Stopped</b>: {reason}",
    "signal_executed": "✅ <b>{side} {symbol}</b> {quantity} at {price}\n{strategy} <code>{id}</code>",
    "signal_refused": "🚫 Refused by <b>{rule}</b>{numbers}: {strategy} on {symbol}\n"
    "{reason} <code>{id}</code>",
    "guard_refused": "❗️ Protective order refused by <b>{rule}</b>{numbers}: {strategy} on {symbol}\n"
    "{reason} <code>{id}</code>",
    "order_rejected": "⚠️ The venue rejected an order of {strategy} on {symbol}\n{reason} <code>{id}</code>",
    "stop_rejected": "❗️ The venue rejected a <b>stop</b> of {strategy} on {symbol}\n"
    "{reason} <code>{id}</code>",
    "position_opened": "📈 Opened <b>{side} {symbol}</b> {quantity} at {price}\n{strategy} <code>{id}</code>",
    "position_closed": "{mark} Closed <b>{side} {symbol}</b> {quantity}: "
    "<b>{pnl} {currency}</b> after fees\n"
    "{price} to {exit} ({percent} %), held {held}, {strategy} <code>{id}</code>",
    "stop_moved": "🛡 Stop of {symbol} now at {price} for {quantity}\n{strategy} <code>{id}</code>",
    "halted": "⏸ <b>Trading halted</b> by {author}: {reason}",
    "halted_by_rule": "🛑 <b>Trading halted</b> by the rule <b>{rule}</b>: {reason}",
    "reduce_only": "⏸ {symbol} is <b>reduce-only</b>, {author}: {reason}",
    "resumed": "▶️ <b>Trading resumed</b> by {author}: {reason}",
    "paused": "⏸ {strategy} paused by {author}: {reason}",
    "unpaused": "▶️ {strategy} resumed by {author}",
    "suspended": "⚠️ No entries for now, {author}: {reason}",
    "allowed": "👌 Entries allowed again, {author}: {reason}",
    "gap": "⚠️ Market data of {symbol}: {missing_bars} bars are missing",
    "notice": "💬 {component}: {text}",
    "warning": "⚠️ {component}: {text}",
    "error": "❗️ <b>Error</b> in {component}: {text}",
    "critical": "🚨 <b>CRITICAL</b> {component}: {text}",
    "command": "🎛 {author} asked for <b>{command}</b> {arguments}",
    "died": "🚨 <b>CRITICAL</b> bot {bot} died without a word while {state}; run {run}",
    "failed": "🚨 <b>CRITICAL</b> bot {bot} failed: {reason}",
    "killed": "⏹ Bot {bot} was force-stopped: {reason}",
    "unreadable": "❗️ The journal of run {run} cannot be read: {reason}",
    "daily_report": "📊 <b>Daily report</b> of {bot}, {date} UTC\n" + REPORT,
    "test": "👋 This is a test for bot {bot}: Telegram works.",
}

FRAME: Final = {
    "repeated": "(may be a repetition: what became of the first attempt is not known)\n",
    "summary": "🗂 <b>{count} messages in one</b>, {since} to {until} UTC",
    "summary_line": "{count} x {kind}{detail}",
    "summary_dropped": "{count} older ones were dropped",
    "more": "… and {count} more",
    "kind_started": "starts",
    "kind_stopped": "stops",
    "kind_signal_executed": "signals executed",
    "kind_signal_refused": "signals refused",
    "kind_order_rejected": "orders rejected",
    "kind_position_opened": "positions opened",
    "kind_position_closed": "positions closed",
    "kind_stop_moved": "stops moved",
    "kind_trading": "changes of the trading state",
    "kind_guard": "words of the guards",
    "kind_command": "commands",
    "kind_notice": "notices",
    "kind_warning": "warnings",
    "kind_error": "errors",
    "kind_critical": "critical",
    "kind_daily_report": "daily reports",
}

ANSWERS: Final = {
    "status": "<b>{bot}</b> ({mode}, {environment}): <b>{state}</b>, up {uptime}\n"
    "Equity <b>{equity}</b> USDT, day {day} %, drawdown {drawdown} %\n"
    "{positions} positions, {orders} orders open, {trades} trades closed\n"
    "Signals {generated}: {executed} executed, {refused} refused\n{health}",
    "healthy": "healthy",
    "unhealthy": "NOT HEALTHY: {what}",
    "balance": "Equity <b>{equity}</b> USDT\nBalance {balance}\nOpen profit {unrealized}\n"
    "Realised {realized}\nFees {fees}\nExposure gross {gross}, net {net}",
    "position": "{mark} <b>{side} {symbol}</b> {quantity} from {price}, now {now}: <b>{pnl}</b> USDT\n"
    "{strategy}, stop {stop}",
    "no_stop": "MISSING",
    "no_positions": "No open positions.",
    "profit": "Realised <b>{realized}</b> USDT, open {unrealized}, fees {fees}",
    "profit_line": "{strategy} {symbol}: <b>{pnl}</b> USDT, {wins} won, {losses} lost",
    "no_trades": "No trades closed yet.",
    "daily": "<b>Last 24 hours</b>\n" + REPORT,
    "weekly": "<b>Last 7 days</b>\n" + REPORT,
    "signal": "{time} <b>{state}</b> {side} {symbol} at {price}, {confidence} {strategy} {rule} "
    "<code>{id}</code>",
    "no_signals": "No signals yet.",
    "state_pending": "pending",
    "state_approved": "approved",
    "state_refused": "refused",
    "state_executed": "executed",
    "state_unfilled": "unfilled",
    "why_signal": "<code>{id}</code>: {strategy} proposed to <b>{side} {symbol}</b> at {price}, "
    "confidence {confidence}\nBecause: {reason}",
    "why_refused": "🚫 Refused by <b>{rule}</b>: {reason}",
    "why_approved": "Approved by {count} rules",
    "why_order": "{role} {id}: {side} {quantity} {what}: {steps}",
    "why_result": "Result <b>{pnl}</b> USDT ({side} {quantity}, {price} to {exit}), ended by {ending}",
    "why_foreign": "<code>{id}</code>: no signal of ours stands behind it.",
    "strategy": "{mark} {strategy} on {symbols}: {signals} signals, {executed} executed, {refused} refused, "
    "<b>{pnl}</b> USDT",
    "risk": "Trading is <b>{state}</b> {reason}\n"
    "Drawdown {drawdown} %, day's loss {loss} %, exposure gross {gross}, net {net} USDT\n"
    "Paused: {paused}; reduce-only: {reduce_only}",
    "risk_rule": "{rule}: {limits}",
    "none": "none",
    "health_line": "{mark} {name}: {text}",
    "log": "<pre>{lines}</pre>",
    "no_log": "The bot keeps no log.",
    "done": "👌 {text}",
    "refused": "🚫 Refused: {text}",
    "failed_to_ask": "⚠️ {reason}",
    "confirm": "❓ Really <b>/{command}</b>? Good for {secs} s.",
    "yes": "Yes",
    "no": "No",
    "cancelled": "Not done: /{command}",
    "expired": "Too late: ask again.",
    "not_yours": "Only who asked may answer.",
    "too_old": "/{command} was sent {age} s ago and is not carried out any more; send it again.",
    "needs": "/{command} needs {what}: /{command} {example}",
    "unknown": "There is no /{command}. {hint}",
    "hint": "Try /help.",
    "did_you_mean": "Did you mean /{name}?",
    "needs_strategy": "a strategy",
    "needs_symbol": "a symbol",
    "needs_id": "an order, signal or position",
}

HELP: Final = {
    "help_status": "the bot in short",
    "help_balance": "equity, balance, exposure",
    "help_positions": "open positions with their stops",
    "help_profit": "profit in all and by strategy",
    "help_daily": "report of the last 24 hours",
    "help_weekly": "report of the last 7 days",
    "help_signals": "the latest signals and what became of them",
    "help_why": "the story of an order, signal or position",
    "help_strategies": "strategies, their signals and profit",
    "help_pause": "let a strategy open nothing",
    "help_resume": "lift a strategy's pause",
    "help_halt": "let no order pass that opens risk",
    "help_resume_trading": "lift the halt (asks to confirm)",
    "help_close": "close a symbol at market (asks to confirm)",
    "help_close_all": "close everything at market (asks to confirm)",
    "help_stop": "stop the bot (asks to confirm)",
    "help_risk": "limits, what keeps orders back, exposure",
    "help_health": "feed, journal, stops, view",
    "help_log": "the last lines of the log",
    "help_version": "versions",
    "help_help": "this list",
}

WORDS: Final = NOTIFICATIONS | FRAME | {f"answer_{name}": text for name, text in ANSWERS.items()} | HELP
