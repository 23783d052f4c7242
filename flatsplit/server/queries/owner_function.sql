-- Answers a question of ours with one text per row. It belongs to the role whose tables are asked: planning may run
-- functions of the application's (an index's predicate, say), and in here they run with that role's rights.
CREATE FUNCTION pg_temp.flatsplit_ask(question text) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $flatsplit$
BEGIN
    RETURN QUERY EXECUTE question;
END
$flatsplit$
