-- The tables of the sample as an application has them: their contracts are in infra/contracts.
CREATE SCHEMA dm_core;
CREATE TABLE dm_core.brewery (brewery_id bigint PRIMARY KEY, brewery_name text);
CREATE TABLE dm_core.beer (
    beer_id bigint PRIMARY KEY, brewery_id bigint NOT NULL, beer_name text, beer_style text, beer_abv double precision);
CREATE TABLE dm_core.profile (profile_id bigint PRIMARY KEY, profile_name text, email text, state text);
CREATE TABLE dm_core.review (
    review_id bigint PRIMARY KEY, brewery_id bigint NOT NULL, beer_id bigint NOT NULL, profile_id bigint NOT NULL,
    review_overall double precision, review_aroma double precision, review_appearance double precision,
    review_palate double precision, review_taste double precision, review_time bigint NOT NULL);

-- What the workload needs and nobody captures.
CREATE SCHEMA workload;
CREATE SEQUENCE workload.keys START 1000000;
CREATE SEQUENCE workload.truncates;
-- A review that the workload has made and not deleted.
CREATE FUNCTION workload.any_review() RETURNS bigint LANGUAGE sql AS $$
    SELECT min(review_id) FROM dm_core.review WHERE review_id >= (
        SELECT 1000000 + (random() * (last_value - 1000000))::bigint FROM workload.keys) $$;
-- Changes that are committed: each is one row of bronze.
CREATE VIEW workload.committed AS
    SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint
        + (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM workload.truncates) AS changes
    FROM pg_stat_user_tables WHERE schemaname = 'dm_core';
