# The bot in a container: paper by default; `docker stop` is graceful. Nothing listens outside of it.
#   docker build -t nautilus-bot .
#   docker run --rm -v nautilus-var:/app/var nautilus-bot
#   docker run --rm -v nautilus-var:/app/var --env-file secrets.env nautilus-bot live --confirm-live
FROM python:3.12-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY nautilus_bot nautilus_bot
COPY strategies strategies
COPY adapters adapters
COPY catalog catalog
COPY monitoring monitoring
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --create-home --uid 10001 nautilus && mkdir -p /app/var && chown nautilus /app/var
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY configs configs
USER nautilus
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
VOLUME /app/var
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s CMD ["nautilus-bot", "status"]
ENTRYPOINT ["nautilus-bot"]
CMD ["paper"]
