# What runs `gql-approvals serve`, and every other command: docs/deploy.md. The tests do these steps without Docker.

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements/run.txt requirements/
RUN python -m venv /opt/gql-approvals
RUN /opt/gql-approvals/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml hatch_build.py package.json package-lock.json README.md ./
COPY policies policies
COPY src src
RUN /opt/gql-approvals/bin/pip install --no-cache-dir --no-deps .
# GraphiQL's files are fetched by the line above. An image without them would be found out late.
RUN /opt/gql-approvals/bin/python -c "from gql_approvals.http.graphiql import missing_files as m; assert not m(), m()"
RUN /opt/gql-approvals/bin/pip uninstall --yes pip

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /srv/approvals --create-home approvals
COPY --from=build /opt/gql-approvals /opt/gql-approvals
ENV PATH=/opt/gql-approvals/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/approvals
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz/ready', timeout=4)"]
ENTRYPOINT ["gql-approvals"]
CMD ["serve", "--host", "0.0.0.0"]
