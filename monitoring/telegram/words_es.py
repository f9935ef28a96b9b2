"""Spanish texts in Telegram's HTML; ``words_en`` has the same names with the same placeholders."""

from typing import Final

REPORT: Final = (
    "{trades} operaciones cerradas, {wins} ganadas: <b>{pnl}</b> USDT (mejor {best}, peor {worst})\n"
    "Comisiones {fees}, financiación {funding}\n"
    "Señales {signals}: {executed} ejecutadas, {refused} rechazadas ({rules})\n"
    "Patrimonio de {first} a <b>{last}</b> USDT, mayor caída {drawdown} %\n{strategies}"
)

NOTIFICATIONS: Final = {
    "started": "▶️ <b>{bot}</b> ha arrancado: sesión {run}, {mode}",
    "stopped": "⏹ <b>Parado</b>: {reason}",
    "signal_executed": "✅ <b>{side} {symbol}</b> {quantity} a {price}\n{strategy} <code>{id}</code>",
    "signal_refused": "🚫 Rechazada por <b>{rule}</b>{numbers}: {strategy} en {symbol}\n"
    "{reason} <code>{id}</code>",
    "guard_refused": "❗️ Orden de protección rechazada por <b>{rule}</b>{numbers}: {strategy} en {symbol}\n"
    "{reason} <code>{id}</code>",
    "order_rejected": "⚠️ El mercado rechazó una orden de {strategy} en {symbol}\n{reason} <code>{id}</code>",
    "stop_rejected": "❗️ El mercado rechazó un <b>stop</b> de {strategy} en {symbol}\n"
    "{reason} <code>{id}</code>",
    "position_opened": "📈 Abierta <b>{side} {symbol}</b> {quantity} a {price}\n{strategy} <code>{id}</code>",
    "position_closed": "{mark} Cerrada <b>{side} {symbol}</b> {quantity}: "
    "<b>{pnl} {currency}</b> tras comisiones\n"
    "de {price} a {exit} ({percent} %), duró {held}, {strategy} <code>{id}</code>",
    "stop_moved": "🛡 Stop de {symbol} ahora en {price} por {quantity}\n{strategy} <code>{id}</code>",
    "halted": "⏸ <b>Operativa detenida</b> por {author}: {reason}",
    "halted_by_rule": "🛑 <b>Operativa detenida</b> por la regla <b>{rule}</b>: {reason}",
    "reduce_only": "⏸ {symbol} solo puede <b>reducir</b>, {author}: {reason}",
    "resumed": "▶️ <b>Operativa reanudada</b> por {author}: {reason}",
    "paused": "⏸ {strategy} en pausa por {author}: {reason}",
    "unpaused": "▶️ {strategy} reanudada por {author}",
    "suspended": "⚠️ Sin entradas por ahora, {author}: {reason}",
    "allowed": "👌 Entradas permitidas de nuevo, {author}: {reason}",
    "gap": "⚠️ Datos de mercado de {symbol}: faltan {missing_bars} velas",
    "notice": "💬 {component}: {text}",
    "warning": "⚠️ {component}: {text}",
    "error": "❗️ <b>Error</b> en {component}: {text}",
    "critical": "🚨 <b>CRÍTICO</b> {component}: {text}",
    "command": "🎛 {author} pidió <b>{command}</b> {arguments}",
    "died": "🚨 <b>CRÍTICO</b> el bot {bot} murió sin avisar mientras {state}; sesión {run}",
    "failed": "🚨 <b>CRÍTICO</b> el bot {bot} falló: {reason}",
    "killed": "⏹ El bot {bot} fue parado a la fuerza: {reason}",
    "unreadable": "❗️ No se puede leer el diario de la sesión {run}: {reason}",
    "daily_report": "📊 <b>Informe diario</b> de {bot}, {date} UTC\n" + REPORT,
    "test": "👋 Esto es una prueba del bot {bot}: Telegram funciona.",
}

FRAME: Final = {
    "repeated": "(puede ser una repetición: no se sabe qué fue del primer intento)\n",
    "summary": "🗂 <b>{count} mensajes en uno</b>, de {since} a {until} UTC",
    "summary_line": "{count} x {kind}{detail}",
    "summary_dropped": "{count} más antiguos se descartaron",
    "more": "… y {count} más",
    "kind_started": "arranques",
    "kind_stopped": "paradas",
    "kind_signal_executed": "señales ejecutadas",
    "kind_signal_refused": "señales rechazadas",
    "kind_order_rejected": "órdenes rechazadas",
    "kind_position_opened": "posiciones abiertas",
    "kind_position_closed": "posiciones cerradas",
    "kind_stop_moved": "stops movidos",
    "kind_trading": "cambios de la operativa",
    "kind_guard": "avisos de los guardianes",
    "kind_command": "órdenes del operador",
    "kind_notice": "avisos",
    "kind_warning": "advertencias",
    "kind_error": "errores",
    "kind_critical": "críticos",
    "kind_daily_report": "informes diarios",
}

ANSWERS: Final = {
    "status": "<b>{bot}</b> ({mode}, {environment}): <b>{state}</b>, activo {uptime}\n"
    "Patrimonio <b>{equity}</b> USDT, día {day} %, caída {drawdown} %\n"
    "{positions} posiciones, {orders} órdenes abiertas, {trades} operaciones cerradas\n"
    "Señales {generated}: {executed} ejecutadas, {refused} rechazadas\n{health}",
    "healthy": "sano",
    "unhealthy": "CON PROBLEMAS: {what}",
    "balance": "Patrimonio <b>{equity}</b> USDT\nSaldo {balance}\nResultado abierto {unrealized}\n"
    "Realizado {realized}\nComisiones {fees}\nExposición bruta {gross}, neta {net}",
    "position": "{mark} <b>{side} {symbol}</b> {quantity} desde {price}, ahora {now}: <b>{pnl}</b> USDT\n"
    "{strategy}, stop {stop}",
    "no_stop": "FALTA",
    "no_positions": "No hay posiciones abiertas.",
    "profit": "Realizado <b>{realized}</b> USDT, abierto {unrealized}, comisiones {fees}",
    "profit_line": "{strategy} {symbol}: <b>{pnl}</b> USDT, {wins} ganadas, {losses} perdidas",
    "no_trades": "Aún no hay operaciones cerradas.",
    "daily": "<b>Últimas 24 horas</b>\n" + REPORT,
    "weekly": "<b>Últimos 7 días</b>\n" + REPORT,
    "signal": "{time} <b>{state}</b> {side} {symbol} a {price}, {confidence} {strategy} {rule} "
    "<code>{id}</code>",
    "no_signals": "Aún no hay señales.",
    "state_pending": "pendiente",
    "state_approved": "aprobada",
    "state_refused": "rechazada",
    "state_executed": "ejecutada",
    "state_unfilled": "sin ejecutar",
    "why_signal": "<code>{id}</code>: {strategy} propuso <b>{side} {symbol}</b> a {price}, "
    "confianza {confidence}\nPorque: {reason}",
    "why_refused": "🚫 Rechazada por <b>{rule}</b>: {reason}",
    "why_approved": "Aprobada por {count} reglas",
    "why_order": "{role} {id}: {side} {quantity} {what}: {steps}",
    "why_result": "Resultado <b>{pnl}</b> USDT ({side} {quantity}, de {price} a {exit}), final: {ending}",
    "why_foreign": "<code>{id}</code>: no hay detrás ninguna señal nuestra.",
    "strategy": "{mark} {strategy} en {symbols}: {signals} señales, {executed} ejecutadas, "
    "{refused} rechazadas, <b>{pnl}</b> USDT",
    "risk": "Operativa: <b>{state}</b> {reason}\n"
    "Caída {drawdown} %, pérdida del día {loss} %, exposición bruta {gross}, neta {net} USDT\n"
    "En pausa: {paused}; solo reducir: {reduce_only}",
    "risk_rule": "{rule}: {limits}",
    "none": "nada",
    "health_line": "{mark} {name}: {text}",
    "log": "<pre>{lines}</pre>",
    "no_log": "El bot no guarda registro.",
    "done": "👌 {text}",
    "refused": "🚫 Rechazado: {text}",
    "failed_to_ask": "⚠️ {reason}",
    "confirm": "❓ ¿De verdad <b>/{command}</b>? Vale durante {secs} s.",
    "yes": "Sí",
    "no": "No",
    "cancelled": "No se hizo: /{command}",
    "expired": "Demasiado tarde: pídalo de nuevo.",
    "not_yours": "Solo puede responder quien preguntó.",
    "too_old": "/{command} se envió hace {age} s y ya no se cumple; envíelo de nuevo.",
    "needs": "/{command} necesita {what}: /{command} {example}",
    "unknown": "No existe /{command}. {hint}",
    "hint": "Pruebe /help.",
    "did_you_mean": "¿Quiso decir /{name}?",
    "needs_strategy": "una estrategia",
    "needs_symbol": "un símbolo",
    "needs_id": "una orden, señal o posición",
}

HELP: Final = {
    "help_status": "el bot en breve",
    "help_balance": "patrimonio, saldo, exposición",
    "help_positions": "posiciones abiertas con sus stops",
    "help_profit": "resultado total y por estrategia",
    "help_daily": "informe de las últimas 24 horas",
    "help_weekly": "informe de los últimos 7 días",
    "help_signals": "las últimas señales y qué fue de ellas",
    "help_why": "la historia de una orden, señal o posición",
    "help_strategies": "estrategias, sus señales y resultado",
    "help_pause": "que una estrategia no abra nada",
    "help_resume": "quitar la pausa de una estrategia",
    "help_halt": "no dejar pasar órdenes que abran riesgo",
    "help_resume_trading": "reanudar la operativa (pide confirmar)",
    "help_close": "cerrar un símbolo a mercado (pide confirmar)",
    "help_close_all": "cerrar todo a mercado (pide confirmar)",
    "help_stop": "parar el bot (pide confirmar)",
    "help_risk": "límites, qué frena las órdenes, exposición",
    "help_health": "datos, diario, stops, vista",
    "help_log": "las últimas líneas del registro",
    "help_version": "versiones",
    "help_help": "esta lista",
}

WORDS: Final = NOTIFICATIONS | FRAME | {f"answer_{name}": text for name, text in ANSWERS.items()} | HELP
