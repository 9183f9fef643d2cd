# One image for the web server, the workers, beat, Flower and the migrations; compose says which.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
# Editable, so that templates, SQL and certificates are read where they lie, beside wsgi.py and celery_worker.py.
RUN pip install --no-deps --editable . && python -m compileall -q callwaiting migrations tasks wsgi.py celery_worker.py

FROM python:3.11-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin callwaiting \
    && install -d -o callwaiting -g callwaiting /metrics \
        /metrics/worker-events /metrics/worker-effects /metrics/worker-maintenance
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER callwaiting
EXPOSE 8000
# granian would start children again and again that refuse a wrong configuration: it is judged once, before.
CMD ["sh", "-c", "callwaiting check web && exec granian --interface wsgi --host 0.0.0.0 --port 8000 --no-ws --workers 2 \
     --blocking-threads 32 --backlog 1024 --respawn-failed-workers --workers-kill-timeout 35 --log-level warning wsgi:app"]
