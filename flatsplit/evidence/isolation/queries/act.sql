-- Does what a tenant might, each undone at once, and answers with SQLSTATEs ('FS000': it went well) and with what a
-- question said, or how many rows were touched. It belongs to the tenant, and nobody can change role inside it, so
-- whatever the application's code does in here, it does as the tenant.
DECLARE
    place integer;
    rows bigint;
BEGIN
    FOR place IN 1 .. coalesce(cardinality(acts), 0) LOOP
        answer := NULL;
        BEGIN
            IF asks[place] THEN
                EXECUTE acts[place] INTO answer USING own, other, links;
            ELSE
                EXECUTE acts[place] USING own, other, links;
                GET DIAGNOSTICS rows = ROW_COUNT;
                answer := rows::text;
            END IF;
            RAISE EXCEPTION SQLSTATE 'FS000';
        EXCEPTION WHEN OTHERS THEN
            state := SQLSTATE;
        END;
        RETURN NEXT;
    END LOOP;
END
