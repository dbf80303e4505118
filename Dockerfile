FROM python:3.12-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app

COPY requirements.txt .
RUN pip install --only-binary :all: --require-hashes -r requirements.txt

COPY manage.py ./
COPY heatmaps heatmaps
COPY heatmaps_service heatmaps_service

# Only var/ is ever written to, and only when the databases are at their defaults: the root may be read-only, with a
# writable /tmp for the files that are being loaded.
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent heatmaps \
    && install --directory --owner heatmaps --mode 700 var
USER 10001

EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/_health', timeout=4)"]

ENTRYPOINT ["python", "manage.py"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
