#!/bin/sh
# A database and a role per service; a role opens its own database and no other. Which services there are, the passwords
# tell. What is there stays, so that it can be run again after a service was added.
set -eu
for variable in $(env | sed -n 's/^\(DB_PASSWORD_[A-Z0-9_]*\)=.*/\1/p' | sort); do
  service=$(echo "${variable#DB_PASSWORD_}" | tr 'A-Z_' 'a-z-')
  password=$(printenv "$variable")
  psql -v ON_ERROR_STOP=1 -v role="${service}_service" -v password="$password" -v database="$service" --username postgres <<'SQL'
select format('create role %I', :'role') where not exists (select from pg_roles where rolname = :'role') \gexec
alter role :"role" login password :'password';
select format('create database %I owner %I', :'database', :'role')
where not exists (select from pg_database where datname = :'database') \gexec
revoke all on database :"database" from public;
-- Who stands still or is cut off holds no lock for long.
alter role :"role" set idle_in_transaction_session_timeout = '5s';
alter role :"role" set statement_timeout = '30s';
alter role :"role" set lock_timeout = '2s';
alter role :"role" set tcp_keepalives_idle = '10';
alter role :"role" set tcp_keepalives_interval = '5';
alter role :"role" set tcp_keepalives_count = '3';
alter role :"role" set tcp_user_timeout = '15s';
SQL
done
