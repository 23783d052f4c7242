-- How many locks all transactions together can hold for certain (NLOCKENTS in lock.c)
SELECT current_setting('max_locks_per_transaction')::int
           * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)
