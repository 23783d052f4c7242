-- Run as shop. What other roles have come to rely on.
GRANT USAGE ON SCHEMA shop TO reporting;
GRANT SELECT ON customer_orders, best_sellers, sales, payments TO reporting;
GRANT SELECT (id, tenant_id, created_at) ON customers TO reporting;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO reporting;

-- Reads a table of reporting's with the rights of this view's owner.
CREATE VIEW revenue_by_month AS
    SELECT t.month, t.revenue AS target, coalesce(sum(p.paid), 0) AS reached
    FROM public.targets t LEFT JOIN payments p ON date_trunc('month', p.placed_on) = t.month
    GROUP BY t.month, t.revenue;
