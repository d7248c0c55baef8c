-- A script of pgbench: the small table is made anew, in one transaction.
BEGIN;
TRUNCATE dm_core.brewery;
INSERT INTO dm_core.brewery SELECT g, 'Brewery ' || g FROM generate_series(1, 50) g;
SELECT nextval('workload.truncates');
COMMIT;
