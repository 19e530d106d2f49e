# One image, three kinds of process: web (the default), worker, scheduler.
# docs/deployment.md says how they are run; compose.yaml runs all of them.

FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE ./
COPY rosterhold rosterhold
# The lock pins what the service needs; what only tests and documents need is not installed.
RUN python -m venv /opt/rosterhold \
 && /opt/rosterhold/bin/pip install --no-cache-dir --constraint requirements.lock ".[tracing]"

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/rosterhold --create-home rosterhold
COPY --from=build /opt/rosterhold /opt/rosterhold
ENV PATH=/opt/rosterhold/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ROSTERHOLD_LOG_FORMAT=json \
    ROSTERHOLD_SNAPSHOTS=/var/lib/rosterhold/snapshots
USER rosterhold
WORKDIR /var/lib/rosterhold
VOLUME /var/lib/rosterhold
EXPOSE 8800
# A worker hands back what it cannot finish within 20 seconds; give more before it is killed.
STOPSIGNAL SIGTERM
ENTRYPOINT ["rosterhold"]
CMD ["web", "--host", "0.0.0.0", "--port", "8800"]
