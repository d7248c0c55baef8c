-- A script of pgbench: one change of one row, as the reviewing application makes them.
\set dice random(1, 100)
\set some random(1, 2000)
\set score random(2, 10)
\if :dice <= 50
INSERT INTO dm_core.review VALUES (
    nextval('workload.keys'), :some % 200, :some, :some % 1000, :score / 2.0, 3.5, NULL, 4, :score / 2.0,
    extract(epoch FROM now())::bigint);
\elif :dice <= 70
UPDATE dm_core.review SET review_overall = :score / 2.0 WHERE review_id = (SELECT workload.any_review());
\elif :dice <= 80
DELETE FROM dm_core.review WHERE review_id = (SELECT workload.any_review());
\elif :dice <= 90
UPDATE dm_core.beer SET beer_abv = :score WHERE beer_id = :some;
\elif :dice <= 97
UPDATE dm_core.profile SET state = CASE WHEN :score > 5 THEN 'PA' ELSE 'OR' END WHERE profile_id = :some / 2;
\else
-- The row gets another key.
UPDATE dm_core.brewery SET brewery_id = nextval('workload.keys')
    WHERE brewery_id = (SELECT brewery_id FROM dm_core.brewery OFFSET :some % 50 LIMIT 1);
\endif
