-- Whether a setting has a value in the session of whoever asks; those of an application (with a dot) may have none.
SELECT current_setting(%s, true) IS NOT NULL
