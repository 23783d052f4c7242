-- As stage.sql, for servers before 16, which know no EXPLAIN (GENERIC_PLAN): by a prepared statement, which lives
-- outside of transactions and has to be taken away again.
DECLARE
    place integer;
    line text;
    trial text;
    parameters integer;
BEGIN
    FOR place IN 1 .. cardinality(statements) LOOP
        line := 'PREPARE flatsplit_trial AS /* tried by flatsplit */ ' || statements[place];
        trial := 'EXPLAIN (COSTS OFF) /* tried by flatsplit */ EXECUTE flatsplit_trial';
        BEGIN
            PERFORM set_config(/* tried by flatsplit */ 'search_path', path, true);
            EXECUTE line;
            PERFORM set_config(/* tried by flatsplit */ 'search_path', 'pg_catalog, pg_temp', true);
            SELECT cardinality(/* tried by flatsplit */ s.parameter_types) INTO parameters
            FROM pg_prepared_statements AS s WHERE s.name = 'flatsplit_trial';
            IF parameters > 0 THEN
                trial := trial || '(' || array_to_string(array_fill('NULL'::text, ARRAY[parameters]), ', ') || ')';
            END IF;
            PERFORM set_config(/* tried by flatsplit */ 'search_path', path, true);
            EXECUTE trial;
            RAISE EXCEPTION SQLSTATE 'FS000';
        EXCEPTION WHEN OTHERS THEN
            state := SQLSTATE;
            message := SQLERRM;
        END;
        BEGIN
            DEALLOCATE /* tried by flatsplit */ flatsplit_trial;
        EXCEPTION WHEN OTHERS THEN
            NULL;
        END;
        RETURN NEXT;
    END LOOP;
END
