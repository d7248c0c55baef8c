SELECT r.review_id, r.brewery_id, r.beer_id, r.profile_id,
       w.brewery_name, b.beer_name, b.beer_style, b.beer_abv,
       p.profile_name, p.email, p.state,
       r.review_overall, r.review_aroma, r.review_appearance, r.review_palate, r.review_taste,
       from_unixtime(r.review_time) AS review_time, r.review_year, r.review_month,
       r.created_at, r.updated_at, r.deleted_at
  FROM dm_silver.review r
  LEFT JOIN dm_silver.beer    b ON b.beer_id    = r.beer_id
  LEFT JOIN dm_silver.brewery w ON w.brewery_id = r.brewery_id
  LEFT JOIN dm_silver.profile p ON p.profile_id = r.profile_id
