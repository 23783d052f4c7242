"""mlflow's tracking and registry stores at work, by their own code in this process."""

from __future__ import annotations

import logging
import os
import random
import sys
import time

URL = "postgresql+psycopg2://"  # libpq's environment has the rest
os.environ["MLFLOW_ENABLE_ASYNC_LOGGING"] = "false"


def install() -> None:
    """What the server does when it finds an empty database."""
    import sqlalchemy
    from mlflow.store.db.utils import _initialize_tables

    _initialize_tables(sqlalchemy.create_engine(URL))


def migrate() -> None:
    """``mlflow db upgrade``."""
    import sqlalchemy
    from mlflow.store.db.utils import _upgrade_db

    _upgrade_db(sqlalchemy.create_engine(URL))
    print("upgraded")


def work(seconds: float) -> None:
    import mlflow
    from mlflow import MlflowClient

    mlflow.set_tracking_uri(URL)
    mlflow.set_registry_uri(URL)
    client = MlflowClient(URL, URL)
    until = time.monotonic() + seconds
    runs = 0
    while time.monotonic() < until:
        name = f"experiment-{os.getpid()}-{runs // 5}"
        found = client.get_experiment_by_name(name)
        experiment = found.experiment_id if found else client.create_experiment(name, artifact_location="/tmp/none")
        client.set_experiment_tag(experiment, "team", "a")
        run = client.create_run(experiment, tags={"kind": "trial"})
        run_id = run.info.run_id
        client.log_param(run_id, "alpha", random.random())
        for step in range(5):
            client.log_metric(run_id, "loss", random.random(), step=step)
        client.log_batch(run_id, metrics=[], params=[], tags=[])
        client.set_tag(run_id, "a", "b")
        client.delete_tag(run_id, "a")
        client.get_metric_history(run_id, "loss")
        client.search_runs([experiment], "metrics.loss < 0.5 and params.alpha != '1'", order_by=["metrics.loss DESC"])
        client.search_experiments(filter_string="name LIKE 'exp%'")
        client.set_terminated(run_id)
        registry(client, f"model-{os.getpid()}-{runs // 3}", run_id)
        if runs % 4 == 0:
            client.delete_run(run_id)
            client.restore_run(run_id)
        if runs % 7 == 6:
            client.delete_experiment(experiment)
            client.restore_experiment(experiment)
            client.rename_experiment(experiment, f"{name}-renamed-{runs}")
        runs += 1
        time.sleep(0.1)
    print(f"{runs} runs")


def registry(client: object, name: str, run_id: str) -> None:
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, {"a": "b"}, "a model")
    version = client.create_model_version(name, "/tmp/none", run_id, tags={"v": "1"})
    client.set_model_version_tag(name, version.version, "c", "d")
    client.set_registered_model_alias(name, "champion", version.version)
    client.get_model_version_by_alias(name, "champion")
    client.update_model_version(name, version.version, "better")
    client.search_model_versions(f"name = '{name}'")
    if int(version.version) == 3:
        client.delete_model_version(name, version.version)
        client.delete_registered_model(name)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    if sys.argv[1] == "work":
        work(float(sys.argv[2]))
    elif sys.argv[1] == "install":
        install()
    else:
        migrate()
