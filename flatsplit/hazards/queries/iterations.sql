-- How many iterations a verifier gets that is made in this session (16+).
SELECT current_setting('scram_iterations')::int
