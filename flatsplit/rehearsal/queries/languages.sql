-- Languages, and whether they are trusted.
SELECT l.lanname::text, l.lanpltrusted FROM pg_language AS l
