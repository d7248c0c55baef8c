"""Athena as dbt's adapter uses it: its connection check, and a project of a table, an Iceberg table that is merged into, and a view. Runs in `.venv-dbt`."""
import os, pathlib, subprocess, sys, tempfile, time, uuid

from calls import bucket, check, client, endpoint

PROFILE = """cupel:
  target: dev
  outputs:
    dev: {{type: athena, s3_staging_dir: "s3://{bucket}/staging/", s3_data_dir: "s3://{bucket}/data/", region_name: us-east-1, schema: {schema},
          database: awsdatacatalog, aws_access_key_id: test, aws_secret_access_key: test, threads: 1, num_retries: 0, poll_interval: 0.01}}
"""
PROJECT = "name: cupel\nversion: 1.0.0\nconfig-version: 2\nprofile: cupel\n"
MODELS = {
    "beers": "{{ config(materialized='table') }}\nselect x as id, 'beer ' || cast(x as varchar) as name from unnest(sequence(1, {{ var('last') }})) as t (x)",
    "kept": "{{ config(materialized='incremental', table_type='iceberg', incremental_strategy='merge', unique_key='id', partitioned_by=['bucket(id, 4)']) }}\n"
            "select id, name, {{ var('last') }} as run from {{ ref('beers') }}",
    "shown": "{{ config(materialized='view') }}\nselect run, count(*) as beers from {{ ref('kept') }} group by run",
}


def dbt(folder, *arguments):
    environment = {**os.environ, "AWS_ENDPOINT_URL": endpoint, "DO_NOT_TRACK": "1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    program = pathlib.Path(sys.executable).parent / "dbt"
    run = subprocess.run([program, "--no-use-colors", *arguments, "--profiles-dir", folder, "--project-dir", folder], cwd=folder, env=environment,
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-1000:]
    return run.stdout


@check
def dbt_connects_and_builds_models_twice():
    schema = "dbt_" + uuid.uuid4().hex[:12]
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "models").mkdir()
        (place / "profiles.yml").write_text(PROFILE.format(bucket=bucket(), schema=schema))
        (place / "dbt_project.yml").write_text(PROJECT)
        for name, text in MODELS.items(): (place / "models" / f"{name}.sql").write_text(text)
        assert "OK connection ok" in dbt(folder, "debug", "--connection")
        for last in (3, 5): assert "ERROR=0" in dbt(folder, "run", "--vars", f"last: {last}")
    glue = client("glue")
    types = {t["Name"]: t["TableType"] for t in glue.get_tables(DatabaseName=schema)["TableList"]}
    assert types == {"beers": "EXTERNAL_TABLE", "kept": "EXTERNAL_TABLE", "shown": "VIRTUAL_VIEW"}, types
    athena = client("athena")
    started = athena.start_query_execution(QueryString="SELECT * FROM shown", QueryExecutionContext={"Database": schema},
                                           ResultConfiguration={"OutputLocation": f"s3://{bucket()}/results/"})["QueryExecutionId"]
    while (state := athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]["State"]) in ("QUEUED", "RUNNING"): time.sleep(0.01)
    assert state == "SUCCEEDED", state
    rows = [[cell["VarCharValue"] for cell in row["Data"]] for row in athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]]
    assert rows == [["run", "beers"], ["5", "5"]], rows
