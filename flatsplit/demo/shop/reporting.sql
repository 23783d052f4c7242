-- Run as reporting, the role of another team. PUBLIC may create in schema public, and so it did.
CREATE TABLE public.targets (
    month date PRIMARY KEY,
    revenue numeric NOT NULL
);
INSERT INTO public.targets
    SELECT month, 5000 FROM generate_series(timestamp '2026-01-01', '2026-06-01', '1 month') month;
GRANT SELECT ON public.targets TO shop;
