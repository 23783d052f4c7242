-- Tries statements, each undone at once, and answers with their SQLSTATEs ('00000': allowed). It belongs to the role that
-- is tried, and nobody can change role inside it, so whatever the application's code does in here, it does as that role.
DECLARE
    answers text[] := '{}';
    statement text;
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        BEGIN
            EXECUTE statement;
            RAISE EXCEPTION 'allowed' USING ERRCODE = 'FS000';
        EXCEPTION WHEN OTHERS THEN
            answers := answers || CASE WHEN SQLSTATE = 'FS000' THEN '00000' ELSE SQLSTATE::text END;
        END;
    END LOOP;
    RETURN answers;
END
