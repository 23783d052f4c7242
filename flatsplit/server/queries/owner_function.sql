-- Answers a question of ours with one text per row. It belongs to the role whose tables are asked: planning may run
-- functions of the application's (an index's predicate, say), and in here they run with that role's rights.
BEGIN
    RETURN QUERY EXECUTE question;
END
