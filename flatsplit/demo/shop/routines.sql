-- Run as shop.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER touch BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION touch();

-- A trigger function runs with the rights of whoever changed the row, so that one must be able to write the log.
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_log (what) VALUES (format('%s %s', TG_OP, TG_TABLE_NAME));
    RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER audit AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION audit();

CREATE FUNCTION current_price(wanted int) RETURNS numeric LANGUAGE sql STABLE AS
    $$ SELECT price FROM products WHERE id = wanted $$;

CREATE FUNCTION reserve(wanted int, many int) RETURNS int LANGUAGE sql AS
    $$ UPDATE stock SET on_hand = on_hand - many WHERE product_id = wanted AND warehouse_id = 1 RETURNING on_hand $$;

-- Runs as its owner: after the move that is the migrator.
CREATE FUNCTION loyalty_points(wanted bigint) RETURNS numeric LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = shop, pg_temp AS
    $$ SELECT coalesce(sum(paid), 0) / 10 FROM payments p JOIN orders o ON o.id = p.order_id
       WHERE customer_id = wanted $$;

-- Not for everybody: PUBLIC may run any new function until this is taken away.
CREATE FUNCTION settle(wanted bigint, placed date) RETURNS void LANGUAGE sql AS
    $$ UPDATE orders SET state = 'paid' WHERE id = wanted AND placed_on = placed $$;
REVOKE EXECUTE ON FUNCTION settle(bigint, date) FROM PUBLIC;

CREATE PROCEDURE empty_basket(wanted bigint) LANGUAGE sql AS
    $$ DELETE FROM baskets WHERE customer_id = wanted $$;

CREATE FUNCTION longer(a text, b text) RETURNS text LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE WHEN length(b) > length(coalesce(a, '')) THEN b ELSE a END $$;
CREATE AGGREGATE longest(text) (SFUNC = longer, STYPE = text);

CREATE FUNCTION same_sku(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $$ SELECT lower(a) = lower(b) $$;
CREATE OPERATOR ~== (LEFTARG = text, RIGHTARG = text, FUNCTION = same_sku);
