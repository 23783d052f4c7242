-- Tries statements by EXPLAIN with a generic plan. The text is taken out of the array before the application's
-- search_path is set, so that no operator of the application is looked up on the way. The remark in each statement is
-- by which it is known again in pg_stat_statements, which counts it as the role's.
DECLARE
    place integer;
    line text;
BEGIN
    FOR place IN 1 .. cardinality(statements) LOOP
        line := 'EXPLAIN (GENERIC_PLAN, COSTS OFF) /* tried by flatsplit */ ' || statements[place];
        BEGIN
            PERFORM set_config(/* tried by flatsplit */ 'search_path', path, true);
            EXECUTE line;
            RAISE EXCEPTION SQLSTATE 'FS000';
        EXCEPTION WHEN OTHERS THEN
            state := SQLSTATE;
            message := SQLERRM;
        END;
        RETURN NEXT;
    END LOOP;
END
