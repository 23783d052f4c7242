"""The snippets of clients.md in the frameworks they are for, which lived with the old role before.

Each has its first migration run by the old role, then goes through the cutover, and takes its configuration from the
bundle as people take it. Then a migration that changes what the old role made, and makes something new, is run by
app_migrator, and the application works with both as app_user, which may not run one.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import indent
from urllib.parse import quote

import pytest
from sqlalchemy import URL

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.clients import blocks, login, npm, owners, said, walk_to_login

pytestmark = pytest.mark.slow
SQLALCHEMY = "SQLAlchemy and Alembic"


@pytest.fixture
def database(make_database: MakeDatabase, fresh_cluster: FreshCluster) -> Database:
    """An empty database on a server that wants passwords over TCP."""
    return make_database(cluster=fresh_cluster(auth="scram", loopback=True))


DJANGO_FIRST = """
from django.db import migrations, models
KEY = models.BigAutoField(primary_key=True)

class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Order", [("id", KEY), ("total", models.IntegerField())]),
    ]
"""
# As most people write a RunPython: it names no database
DJANGO_SECOND = """
from django.db import migrations, models
KEY = models.BigAutoField(primary_key=True)

def fill(apps, schema_editor):
    apps.get_model("shop", "Order").objects.update(note="filled")
    apps.get_model("shop", "Customer").objects.create(name="first")

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [
        migrations.AddField("order", "note", models.TextField(default="")),
        migrations.CreateModel("Customer", [("id", KEY), ("name", models.TextField())]),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
"""
DJANGO_APPLICATION = """
from django.db import connection
from shop.models import Customer, Order
Order.objects.create(total=8, note="by the application")
with connection.cursor() as cursor:
    cursor.execute("select current_user")
    print(cursor.fetchone(), list(Order.objects.order_by("id").values_list("total", "note")), Customer.objects.count())
"""


def test_django(database: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    manage = (sys.executable, "manage.py")
    said(project, sys.executable, "-m", "django", "startproject", "site1", ".")
    said(project, *manage, "startapp", "shop")
    (project / "shop" / "migrations" / "0001_initial.py").write_text(DJANGO_FIRST)
    settings = project / "site1" / "settings.py"
    generated = settings.read_text().replace("INSTALLED_APPS = [", "INSTALLED_APPS = ['shop',")
    before, after = re.split(r"^DATABASES = \{.*?^\}\n", generated, flags=re.DOTALL | re.MULTILINE)
    old = login(database)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    default = {"ENGINE": "django.db.backends.postgresql"} | {name: old[key] for name, key in names.items()}
    settings.write_text(f"{before}DATABASES = {{'default': {default}}}\n{after}")
    said(project, *manage, "migrate")
    database.execute("insert into shop_order (total) values (7)", "legacy")

    walk = walk_to_login(invoke_cli, database)
    settings.write_text(before + blocks(walk.run.cwd / "book")["Django"] + after)
    (project / "shop" / "migrations" / "0002_more.py").write_text(DJANGO_SECOND)
    (project / "shop" / "models.py").write_text(
        "from django.db import models\n"
        "class Order(models.Model):\n    total = models.IntegerField()\n    note = models.TextField(default='')\n"
        "class Customer(models.Model):\n    name = models.TextField()\n"
    )
    application = {"DB_PASSWORD": walk.passwords["web one"]}
    deployment = {"DB_USER": "deploy", "DB_PASSWORD": walk.passwords["deploy"]}
    assert "must be owner of table shop_order" in said(project, *manage, "migrate", env=application, exit_code=1)
    said(project, *manage, "migrate", env=deployment)
    assert set(owners(database).values()) == {"deploy"}
    assert {"shop_order", "shop_customer", "django_migrations", "auth_user"} <= owners(database).keys()
    shown = said(project, *manage, "shell", "-c", DJANGO_APPLICATION, env=application)
    assert shown.splitlines()[-1] == "('web one',) [(7, 'filled'), (8, 'by the application')] 1"


ALEMBIC_FIRST = """
revision, down_revision = "1", None
def upgrade():
    op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), sa.Column("total", sa.Integer))
"""
ALEMBIC_SECOND = """
revision, down_revision = "2", "1"
def upgrade():
    op.add_column("orders", sa.Column("note", sa.Text, server_default="filled"))
    op.create_table("customers", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
"""
SQLALCHEMY_APPLICATION = """
from sqlalchemy import text
with engine.begin() as connection:
    connection.execute(text("insert into customers (name) values ('by the application')"))
    print(connection.execute(text("select current_user, (select note from orders), (select id from customers)")).one())
"""


def test_sqlalchemy_and_alembic(database: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    alembic = (sys.executable, "-m", "alembic")
    said(tmp_path, *alembic, "init", "moves")
    head = "from alembic import op\nimport sqlalchemy as sa\n"
    (tmp_path / "moves" / "versions" / "1.py").write_text(head + ALEMBIC_FIRST)
    env_py = tmp_path / "moves" / "env.py"
    generated = env_py.read_text()
    before, after = re.split(r"^ +connectable = engine_from_config\(.*?^ +\)\n", generated, flags=re.S | re.M)
    old = login(database)
    url = URL.create("postgresql+psycopg", old["user"], old["password"], old["host"], int(old["port"]), old["dbname"])
    env_py.write_text(f"{before}    connectable = create_engine({url.render_as_string(False)!r})\n{after}")
    env_py.write_text("from sqlalchemy import create_engine\n" + env_py.read_text())
    said(tmp_path, *alembic, "upgrade", "head")
    database.execute("insert into orders (total) values (7)", "legacy")

    walk = walk_to_login(invoke_cli, database)
    application, in_env_py = re.split(r"^(?=# Alembic's)", blocks(walk.run.cwd / "book")[SQLALCHEMY], flags=re.M)
    env_py.write_text(before + indent(in_env_py, "    ") + "\n" + after)
    (tmp_path / "moves" / "versions" / "2.py").write_text(head + ALEMBIC_SECOND)
    said(tmp_path, *alembic, "upgrade", "head", env={"MIGRATOR_PASSWORD": walk.passwords["deploy"]})
    assert owners(database) == {"alembic_version": "deploy", "customers": "deploy", "orders": "deploy"}
    (tmp_path / "application.py").write_text(application + SQLALCHEMY_APPLICATION)
    password = {"APP_PASSWORD": walk.passwords["web one"]}
    assert said(tmp_path, sys.executable, "application.py", env=password) == "('web one', 'filled', 1)\n"


KNEX_FIRST = """
exports.up = knex => knex.schema.createTable('orders', t => { t.increments('id'); t.integer('total'); });
exports.down = () => {};
"""
KNEX_SECOND = """
exports.up = knex => knex.schema
  .alterTable('orders', t => { t.text('note').defaultTo('filled'); })
  .createTable('customers', t => { t.increments('id'); t.text('name'); });
exports.down = () => {};
"""
NODE_APPLICATION = """
const { Pool } = require('pg');
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
pool.query("insert into customers (name) values ('by the application')")
  .then(() => pool.query('select current_user, (select note from orders), (select id from customers)'))
  .then(found => console.log(JSON.stringify(found.rows[0])))
  .finally(() => pool.end());
"""


def test_node_pg_and_knex(database: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    npm(tmp_path, "pg@8", "knex@3")
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "1.js").write_text(KNEX_FIRST)
    (tmp_path / "application.js").write_text(NODE_APPLICATION)
    (tmp_path / "knexfile.js").write_text("module.exports = { client: 'pg', connection: process.env.MIGRATION_URL };\n")
    knex = ("node", "--env-file=.env", "node_modules/knex/bin/cli.js", "migrate:latest")
    old = login(database)
    url = f"postgresql://{old['user']}:{old['password']}@{old['host']}:{old['port']}/{old['dbname']}"
    (tmp_path / ".env").write_text(f"MIGRATION_URL={url}\n")
    said(tmp_path, *knex)
    database.execute("insert into orders (total) values (7)", "legacy")

    walk = walk_to_login(invoke_cli, database)
    lines = blocks(walk.run.cwd / "book")["Node: node-pg, Prisma, Knex"]
    for name, role in (("DATABASE_URL", "web one"), ("MIGRATION_URL", "deploy")):
        before, place, after = lines.partition(f"{name}=postgresql://{quote(role)}:…@")
        assert place, lines
        lines = before + place.replace("…", quote(walk.passwords[role], safe="")) + after
    (tmp_path / ".env").write_text(lines + "\n")
    (tmp_path / "migrations" / "2.js").write_text(KNEX_SECOND)
    without = re.sub(r"^MIGRATION_URL=.*$", "", lines, flags=re.M)
    (tmp_path / "wrong").write_text(without.replace("DATABASE_URL", "MIGRATION_URL"))
    wrong = ("node", "--env-file=wrong", *knex[2:])
    assert "must be owner of table orders" in said(tmp_path, *wrong, exit_code=1)
    said(tmp_path, *knex)
    assert set(owners(database).values()) == {"deploy"}
    assert {"customers", "knex_migrations", "orders"} <= owners(database).keys()
    shown = said(tmp_path, "node", "--env-file=.env", "application.js")
    assert json.loads(shown) == {"current_user": "web one", "note": "filled", "id": 1}


LIQUIBASE_FIRST = """--liquibase formatted sql
--changeset shop:1
create table orders (id int, total int);
"""
LIQUIBASE_SECOND = """
--changeset shop:2
alter table orders add note text default 'filled';
create table customers (id int, name text);
"""
JAVA_APPLICATION = """
import java.io.FileReader;
import java.sql.DriverManager;
import java.util.Properties;

class Application {
    public static void main(String[] names) throws Exception {
        var file = new Properties();
        file.load(new FileReader("hikari.properties"));
        var url = file.getProperty("jdbcUrl");
        var user = file.getProperty("username");
        try (var connection = DriverManager.getConnection(url, user, file.getProperty("password"));
             var statement = connection.createStatement()) {
            statement.execute("insert into customers (id, name) values (1, 'by the application')");
            var found = statement.executeQuery(
                "select current_user, (select note from orders), (select id from customers)");
            found.next();
            System.out.println(found.getString(1) + ", " + found.getString(2) + ", " + found.getString(3));
        }
    }
}
"""


def test_liquibase_and_jdbc(database: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    """The JDBC snippet is read as HikariCP reads it, as Java properties, and its URL goes to the driver."""
    if shutil.which("javac") is None:
        pytest.skip("no Java development kit on this machine")
    npm(tmp_path, "liquibase@4")  # the program itself, with the driver
    home = tmp_path / "node_modules" / "liquibase" / "dist" / "liquibase"
    changes = tmp_path / "changes.sql"
    changes.write_text(LIQUIBASE_FIRST)
    (tmp_path / "Application.java").write_text(JAVA_APPLICATION)
    update = (
        "sh",
        home / "liquibase",
        "--defaults-file=liquibase.properties",
        "--changelog-file=changes.sql",
        "update",
    )
    properties = tmp_path / "liquibase.properties"
    old = login(database)
    properties.write_text(
        f"url: jdbc:postgresql://{old['host']}:{old['port']}/{old['dbname']}\n"
        f"username: {old['user']}\npassword: {old['password']}\n"
    )
    said(tmp_path, *update)
    database.execute("insert into orders values (1, 7)", "legacy")

    walk = walk_to_login(invoke_cli, database)
    found = blocks(walk.run.cwd / "book")
    properties.write_text(found["Liquibase"])
    changes.write_text(LIQUIBASE_FIRST + LIQUIBASE_SECOND)
    said(tmp_path, *update, env={"LIQUIBASE_COMMAND_PASSWORD": walk.passwords["deploy"]})
    tables = ("customers", "databasechangelog", "databasechangeloglock", "orders")
    assert owners(database) == dict.fromkeys(tables, "deploy")
    password = walk.passwords["web one"].replace("\\", "\\\\")
    (tmp_path / "hikari.properties").write_text(found["JDBC and HikariCP"].replace("…", password))
    driver = home / "internal" / "lib" / "postgresql.jar"
    assert said(tmp_path, "java", "-cp", driver, "Application.java") == "web one, filled, 1\n"


RUBY = """
require "logger"
require "erb"
require "yaml"
require "active_record"
require "pg"
"""
RAILS = (
    RUBY
    + """
ActiveRecord::Base.establish_connection(YAML.load(ERB.new(File.read("database.yml")).result)["production"])
ActiveRecord::Migrator.migrations_paths = ActiveRecord::Tasks::DatabaseTasks.migrations_paths = ["migrate"]
ActiveRecord::Tasks::DatabaseTasks.migrate if ARGV == ["db:migrate"]
class Customer < ActiveRecord::Base; end
if ARGV == ["server"]
  Customer.create!(name: "by the application")
  puts ActiveRecord::Base.connection.select_rows("select current_user, (select note from orders)").inspect
end
"""
)
RAILS_FIRST = """
class First < ActiveRecord::Migration[6.1]
  def up = create_table(:orders) { |t| t.integer :total }
end
"""
RAILS_SECOND = """
class Second < ActiveRecord::Migration[6.1]
  def up
    add_column :orders, :note, :text, default: "filled"
    create_table(:customers) { |t| t.text :name }
  end
end
"""


def test_rails(database: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    """ActiveRecord alone, with database.yml read as Rails reads it: templates first, then YAML."""
    ruby = shutil.which("ruby")
    if ruby is None or subprocess.run([ruby, "-e", RUBY], capture_output=True).returncode:
        pytest.skip("no Ruby with ActiveRecord and pg on this machine")
    (tmp_path / "rails.rb").write_text(RAILS)
    (tmp_path / "migrate").mkdir()
    (tmp_path / "migrate" / "1_first.rb").write_text(RAILS_FIRST)
    old = login(database)
    names = {"host": "host", "port": "port", "database": "dbname", "username": "user", "password": "password"}
    production = {"adapter": "postgresql"} | {name: old[key] for name, key in names.items()}
    (tmp_path / "database.yml").write_text(json.dumps({"production": production}))
    migrate = (ruby, "rails.rb", "db:migrate")
    said(tmp_path, *migrate)
    database.execute("insert into orders (total) values (7)", "legacy")

    walk = walk_to_login(invoke_cli, database)
    (tmp_path / "database.yml").write_text(blocks(walk.run.cwd / "book")["Ruby on Rails"])
    (tmp_path / "migrate" / "2_second.rb").write_text(RAILS_SECOND)
    application = {"DB_PASSWORD": walk.passwords["web one"]}
    deployment = {"DB_USER": "deploy", "DB_PASSWORD": walk.passwords["deploy"]}
    assert "must be owner of table orders" in said(
        tmp_path, ruby, "rails.rb", "db:migrate", env=application, exit_code=1
    )
    said(tmp_path, *migrate, env=deployment)
    tables = ("ar_internal_metadata", "customers", "orders", "schema_migrations")
    assert owners(database) == dict.fromkeys(tables, "deploy")
    assert said(tmp_path, ruby, "rails.rb", "server", env=application) == '[["web one", "filled"]]\n'
