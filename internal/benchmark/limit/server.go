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
	// list gives to add the users from start (from 1) in the order of creation or of
	// userName, and returns how many exist. A body is valid until add returns.
	list(ctx context.Context, byName, descending bool, start, count int, add func(body []byte)) (total int64, err error)

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
		l := newListResponse(1)
		if err == nil {
			l.add(one.body)
		}
		if errors.Is(err, errNotFound) {
			err = nil
		}
		return answer(w, http.StatusOK, l.row(int64(l.n), 1), err)
	}
	start, count := 1, 100
	if v := q.Get("startIndex"); v != "" {
		start, _ = strconv.Atoi(v)
	}
	if v := q.Get("count"); v != "" {
		count, _ = strconv.Atoi(v)
	}
	l := newListResponse(count)
	total, err := s.db.list(r.Context(), q.Get("sortBy") == "userName", q.Get("sortOrder") == "descending", max(start, 1), count, l.add)
	return answer(w, http.StatusOK, l.row(total, start), err)
}

// listResponse collects the resources of a list, which come last in it.
type listResponse struct {
	resources []byte
	n         int
}

func newListResponse(count int) *listResponse {
	return &listResponse{resources: append(make([]byte, 0, 300+count*1300), `{"Resources":[`...)}
}

func (l *listResponse) add(body []byte) {
	if l.n++; l.n > 1 {
		l.resources = append(l.resources, ',')
	}
	l.resources = append(l.resources, body...)
}

func (l *listResponse) row(total int64, start int) row {
	l.resources = append(l.resources, `],"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":`...)
	l.resources = strconv.AppendInt(l.resources, total, 10)
	l.resources = append(l.resources, `,"startIndex":`...)
	l.resources = strconv.AppendInt(l.resources, int64(start), 10)
	l.resources = append(l.resources, `,"itemsPerPage":`...)
	l.resources = strconv.AppendInt(l.resources, int64(l.n), 10)
	return row{body: append(l.resources, '}')}
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
	out := make([]byte, 0, 300+len(ids)*(len(s.base)+120))
	out = append(out, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"`+id+`","displayName":"`+name+`","meta":{"resourceType":"Group","location":"`+s.base+"/Groups/"+id+`"},"members":[`...)
	for i, m := range ids {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, `{"value":"`...), m...)
		out = append(append(out, `","$ref":"`...), s.base...)
		out = append(append(out, "/Users/"...), m...)
		out = append(out, `","type":"User"}`...)
	}
	return answer(w, http.StatusOK, row{body: append(out, "]}"...)}, nil)
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
