-- name: EndSessions :exec
DELETE FROM sessions WHERE account_id = ?;
