// Package limit is the measure of the benchmark: a bare net/http handler that does what
// the requests of the benchmark need and nothing else. A resource is one indexed row
// with the JSON that is sent, ready. It has no schema, no authentication, no filter but
// userName eq, no PATCH but that of active and members; what it answers to the requests
// of the benchmark is what the library answers. Its databases have the settings that the
// library has, with statements prepared where the driver can.
package limit

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

var (
	errNotFound = errors.New("not found")
	errTaken    = errors.New("taken")
)

// row is a stored user: its JSON as it is sent.
type row struct {
	body    []byte
	version int64
}

// database keeps users and groups. It hands out rows that nobody modifies.
type database interface {
	get(ctx context.Context, id string) (row, error)
	find(ctx context.Context, userName string) (row, error)
	create(ctx context.Context, id, userName string, r row) error
	// update replaces a user by what change makes of it, in one transaction.
	update(ctx context.Context, id string, change func(old row) (userName string, r row, err error)) (row, error)
	// list returns the users from start (from 1) in the order of creation or of userName, and how many exist.
	list(ctx context.Context, byName, descending bool, start, count int) (rows [][]byte, total int64, err error)

	createGroup(ctx context.Context, id, name string) error
	group(ctx context.Context, id string) (name string, members []string, err error)
	addMembers(ctx context.Context, group string, ids []string) error
	removeMembers(ctx context.Context, group string, ids []string) error

	// together runs create many times in one transaction, to seed.
	together(ctx context.Context, fn func() error) error
}

// server is the handler.
type server struct {
	db   database
	base string
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/scim/v2")
	if err := s.serve(w, r, path); err != nil {
		status := http.StatusInternalServerError
		switch {
		case errors.Is(err, errNotFound):
			status = http.StatusNotFound
		case errors.Is(err, errTaken):
			status = http.StatusConflict
		}
		http.Error(w, err.Error(), status)
	}
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, path string) error {
	user, isUser := strings.CutPrefix(path, "/Users/")
	group, isGroup := strings.CutPrefix(path, "/Groups/")
	switch {
	case isUser && r.Method == http.MethodGet:
		found, err := s.db.get(r.Context(), user)
		return answer(w, http.StatusOK, found, err)
	case isUser && r.Method == http.MethodPut:
		return s.put(w, r, user)
	case isUser && r.Method == http.MethodPatch:
		return s.patch(w, r, user)
	case path == "/Users" && r.Method == http.MethodPost:
		return s.post(w, r)
	case path == "/Users" && r.Method == http.MethodGet:
		return s.list(w, r)
	case isGroup && r.Method == http.MethodGet:
		return s.getGroup(w, r, group)
	case isGroup && r.Method == http.MethodPatch:
		return s.patchGroup(w, r, group)
	case path == "/Groups" && r.Method == http.MethodPost:
		return s.postGroup(w, r)
	case path == "/ServiceProviderConfig":
		return answer(w, http.StatusOK, row{body: []byte("{}")}, nil)
	}
	return errNotFound
}

func answer(w http.ResponseWriter, status int, r row, err error) error {
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/scim+json")
	h.Set("Content-Length", strconv.Itoa(len(r.body)))
	if r.version != 0 {
		h.Set("ETag", etag(r.version))
	}
	w.WriteHeader(status)
	_, err = w.Write(r.body)
	return err
}

func decode(r *http.Request, v any) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}

func (s *server) post(w http.ResponseWriter, r *http.Request) error {
	var u User
	if err := decode(r, &u); err != nil {
		return err
	}
	made, err := s.create(r.Context(), &u)
	if err == nil {
		w.Header().Set("Location", u.Meta.Location)
	}
	return answer(w, http.StatusCreated, made, err)
}

func (s *server) create(ctx context.Context, u *User) (row, error) {
	body, err := u.stamp(s.base, uuid.NewString(), 1)
	if err != nil {
		return row{}, err
	}
	made := row{body, 1}
	return made, s.db.create(ctx, u.ID, strings.ToLower(u.UserName), made)
}

func (s *server) put(w http.ResponseWriter, r *http.Request, id string) error {
	var u User
	if err := decode(r, &u); err != nil {
		return err
	}
	updated, err := s.db.update(r.Context(), id, func(old row) (string, row, error) {
		var before struct{ Meta *Meta }
		if err := json.Unmarshal(old.body, &before); err != nil {
			return "", row{}, err
		}
		u.Meta = before.Meta
		body, err := u.stamp(s.base, id, old.version+1)
		return strings.ToLower(u.UserName), row{body, old.version + 1}, err
	})
	return answer(w, http.StatusOK, updated, err)
}

func (s *server) patch(w http.ResponseWriter, r *http.Request, id string) error {
	var p patchRequest
	if err := decode(r, &p); err != nil {
		return err
	}
	updated, err := s.db.update(r.Context(), id, func(old row) (string, row, error) {
		var u User
		if err := json.Unmarshal(old.body, &u); err != nil {
			return "", row{}, err
		}
		for _, o := range p.Operations {
			if o.Path != "active" {
				return "", row{}, errors.New("unknown path " + o.Path)
			}
			if err := json.Unmarshal(o.Value, &u.Active); err != nil {
				return "", row{}, err
			}
		}
		body, err := u.stamp(s.base, id, old.version+1)
		return strings.ToLower(u.UserName), row{body, old.version + 1}, err
	})
	return answer(w, http.StatusOK, updated, err)
}

func (s *server) list(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if f := q.Get("filter"); f != "" {
		name, found := strings.CutPrefix(f, `userName eq "`)
		if !found {
			return errors.New("unknown filter " + f)
		}
		one, err := s.db.find(r.Context(), strings.ToLower(strings.TrimSuffix(name, `"`)))
		if errors.Is(err, errNotFound) {
			return answer(w, http.StatusOK, listResponse(nil, 0, 1), nil)
		}
		return answer(w, http.StatusOK, listResponse([][]byte{one.body}, 1, 1), err)
	}
	start, count := 1, 100
	if v := q.Get("startIndex"); v != "" {
		start, _ = strconv.Atoi(v)
	}
	if v := q.Get("count"); v != "" {
		count, _ = strconv.Atoi(v)
	}
	rows, total, err := s.db.list(r.Context(), q.Get("sortBy") == "userName", q.Get("sortOrder") == "descending", max(start, 1), count)
	return answer(w, http.StatusOK, listResponse(rows, total, start), err)
}

func listResponse(rows [][]byte, total int64, start int) row {
	size := 200
	for _, b := range rows {
		size += len(b) + 1
	}
	out := make([]byte, 0, size)
	out = append(out, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":`...)
	out = strconv.AppendInt(out, total, 10)
	out = append(out, `,"startIndex":`...)
	out = strconv.AppendInt(out, int64(start), 10)
	out = append(out, `,"itemsPerPage":`...)
	out = strconv.AppendInt(out, int64(len(rows)), 10)
	out = append(out, `,"Resources":[`...)
	for i, b := range rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, b...)
	}
	return row{body: append(out, "]}"...)}
}

func (s *server) postGroup(w http.ResponseWriter, r *http.Request) error {
	var g group
	if err := decode(r, &g); err != nil {
		return err
	}
	g.ID = uuid.NewString()
	body, err := json.Marshal(&g)
	if err == nil {
		err = s.db.createGroup(r.Context(), g.ID, g.DisplayName)
	}
	return answer(w, http.StatusCreated, row{body, 1}, err)
}

func (s *server) getGroup(w http.ResponseWriter, r *http.Request, id string) error {
	name, ids, err := s.db.group(r.Context(), id)
	if err != nil {
		return err
	}
	g := group{
		Schemas: []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, ID: id, DisplayName: name,
		Meta: &Meta{ResourceType: "Group", Location: s.base + "/Groups/" + id}, Members: make([]groupMember, len(ids)),
	}
	for i, m := range ids {
		g.Members[i] = groupMember{Value: m, Ref: s.base + "/Users/" + m, Type: "User"}
	}
	body, err := json.Marshal(&g)
	return answer(w, http.StatusOK, row{body: body}, err)
}

// patchGroup adds members, or removes those that paths like members[value eq "x"] name.
func (s *server) patchGroup(w http.ResponseWriter, r *http.Request, id string) error {
	var p patchRequest
	if err := decode(r, &p); err != nil {
		return err
	}
	var add, remove []string
	for _, o := range p.Operations {
		if o.Op == "remove" {
			remove = append(remove, strings.TrimSuffix(strings.TrimPrefix(o.Path, `members[value eq "`), `"]`))
			continue
		}
		var members []member
		if err := json.Unmarshal(o.Value, &members); err != nil {
			return err
		}
		for _, m := range members {
			add = append(add, m.Value)
		}
	}
	var err error
	if len(add) > 0 {
		err = s.db.addMembers(r.Context(), id, add)
	}
	if len(remove) > 0 && err == nil {
		err = s.db.removeMembers(r.Context(), id, remove)
	}
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}
