package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// naiveDB is the simplest store: a list of rows under one lock, which every call
// reads from start to end. It has one of the defects in selftest_test.go.
type naiveDB struct {
	defect string
	lock   chan struct{}
	rows   []row
	saved  []row // before the transaction
	calls  int
	deaths int
	missed bool // in the transaction

	longest   int  // of pages, 0 for no limit
	estimates bool // of the total

	waiting chan struct{} // closed by the second of two calls
}

type row struct {
	tenant   string
	resource *schema.Resource // its Type is the type of the row
	version  int
	members  []schema.Member
	dead     bool
	died     int // the greater the later
	diedAt   time.Time
	lost     []string // folded unique values by which the tombstone is not found
}

type naive struct {
	db *naiveDB
	t  *schema.ResourceType
}

func newNaive(defect string) Fixture {
	db := &naiveDB{defect: defect, lock: make(chan struct{}, 1)}
	return Fixture{
		Users:  &naive{db, schema.UserType},
		Groups: &naive{db, schema.GroupType},
		Things: &naive{db, ThingType},
		Tx:     db,

		MembersAreUsers: defect == "members are users only, it says",
		TwoStateActive:  defect == "active has two states, it says",
		Filled:          map[string][]string{"attributes are filled, it says": {"name.familyName"}}[defect],
		Owned:           defect == "types have an owner, it says",
	}
}

// has reports whether the store has that defect.
func (db *naiveDB) has(defect string) bool { return db.defect == defect }

type inTx struct{ db *naiveDB }

// acquire takes the lock, unless the context's transaction has it.
func (db *naiveDB) acquire(ctx context.Context) (func(), error) {
	if ctx.Value(inTx{db}) != nil {
		return func() {}, nil
	}
	if db.has("waiting ignores the context") {
		ctx = context.Background()
	}
	if err := ctx.Err(); err != nil {
		return func() {}, err
	}
	select {
	case db.lock <- struct{}{}:
		return func() { <-db.lock }, nil
	case <-ctx.Done():
		return func() {}, ctx.Err()
	}
}

// yieldLock releases the lock until another call has reached the same point, if
// one does in time, and takes it again.
func (db *naiveDB) yieldLock(ctx context.Context, release func()) (func(), error) {
	other := db.waiting
	if other == nil {
		db.waiting = make(chan struct{})
		other = db.waiting
	} else {
		close(other)
		db.waiting = nil
	}
	release()
	select {
	case <-other:
	case <-time.After(patience):
	}
	return db.acquire(ctx)
}

func (db *naiveDB) InTx(ctx context.Context, fn func(context.Context) error) (err error) {
	if db.has("transactions run at the same time") || db.has("Exists reads the committed state") {
		release, err := db.acquire(ctx)
		if err != nil {
			return err
		}
		if db.saved == nil {
			db.saved = cloneRows(db.rows)
		}
		release()
		return fn(ctx)
	}
	if ctx.Value(inTx{db}) != nil && !db.has("a nested InTx starts a transaction") {
		return fn(ctx)
	}
	inner := ctx.Value(inTx{db}) != nil
	release, err := db.acquire(ctx)
	if err != nil {
		return err
	}
	saved := cloneRows(db.rows)
	db.saved = saved
	done := false
	defer func() {
		if !done && !inner {
			db.rollback(saved)
		}
		if (done || !db.has("a panic keeps the lock")) && (err == nil || !db.has("a rollback keeps the lock")) {
			release()
		}
	}()
	if db.has("dirty reads") && !inner {
		release()
		release = func() {}
	}
	err = fn(context.WithValue(ctx, inTx{db}, true))
	if err == nil && !db.has("an ended context commits") {
		err = ctx.Err()
	}
	if err == nil && db.missed {
		err = errors.New("the transaction has ended")
	}
	db.missed = false
	switch {
	case err == nil && db.has("commit is a rollback"):
		db.rows = saved
	case err == nil:
	case inner: // broken: the error stays with the inner one
		err = nil
	default:
		db.rollback(saved)
	}
	done = true
	return err
}

func cloneRows(rows []row) []row {
	out := slices.Clone(rows)
	for i := range out {
		out[i].members = slices.Clone(out[i].members)
	}
	return out
}

func (db *naiveDB) rollback(saved []row) {
	switch {
	case db.has("no rollback"), db.has("an error of the store commits"):
	case db.has("rollback keeps what was created"):
		db.rows = append(saved, db.rows[len(saved):]...)
	case db.has("rollback forgets members"):
		for i := range saved {
			saved[i].members = db.rows[i].members
		}
		db.rows = saved
	default:
		db.rows = saved
	}
}

func (s *naive) Describe() store.Capabilities {
	var can func(e filter.Expr) bool
	can = func(e filter.Expr) bool {
		switch e := e.(type) {
		case filter.And:
			return can(e.Left) && can(e.Right)
		case filter.Or:
			return can(e.Left) && can(e.Right)
		}
		return true
	}
	return store.Capabilities{Filter: can, Sort: func(schema.AttrPath) bool { return true }, Versions: true, Revives: true}
}

// find returns the row with an id, or -1.
func (s *naive) find(ctx context.Context, id, op string) int {
	return slices.IndexFunc(s.db.rows, func(r row) bool {
		same := r.resource.ID == id || s.db.has("ids without case") && strings.EqualFold(r.resource.ID, id)
		return same && !r.dead && s.sees(ctx, r, op)
	})
}

// sees reports whether a row is of the store's type and the context's tenant.
func (s *naive) sees(ctx context.Context, r row, op string) bool {
	tenant := store.Tenant(ctx)
	return (r.resource.Type == s.t || s.db.has("one space of ids")) && (r.tenant == tenant ||
		s.db.has("no tenants in "+op) || s.db.has("tenants without case") && strings.EqualFold(r.tenant, tenant))
}

func (s *naive) Get(ctx context.Context, id string, o store.GetOptions) (*schema.Resource, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { release() }()
	if s.db.has("a strange id is an error") && len(id) > 100 {
		return nil, errors.New("value too long")
	}
	i := s.find(ctx, id, "Get")
	if i < 0 {
		s.db.missed = s.db.has("ErrNotFound ends the transaction")
		return nil, store.ErrNotFound
	}
	r := s.db.rows[i].resource
	if s.db.has("transactions run at the same time") {
		if release, err = s.db.yieldLock(ctx, release); err != nil {
			return nil, err
		}
	}
	return s.part(r, o.Attributes), nil
}

func (s *naive) Exists(ctx context.Context, ids []string, _ store.GetOptions) ([]string, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if s.db.has("Exists reads the committed state") && s.db.saved != nil {
		defer func(now []row) { s.db.rows = now }(s.db.rows)
		s.db.rows = s.db.saved
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return s.find(ctx, id, "Exists") < 0 && !s.db.has("everything exists")
	}), nil
}

// fold returns the key of a unique value.
func (s *naive) fold(a *schema.Attribute, v schema.Value) string {
	text := v.Text()
	switch {
	case s.db.has("keys are floats") && a.Type == schema.TypeInteger:
		return fmt.Sprint(v.Float())
	case !a.FoldsCase():
		return text
	case s.db.has("all values are equal"):
		return ""
	case s.db.has("keys keep their case"):
		return text
	case s.db.has("keys are lower case"):
		return strings.ToLower(text)
	case s.db.has("keys are trimmed"):
		return schema.FoldKey(strings.TrimSpace(text))
	case s.db.has("keys end at zero"):
		text, _, _ = strings.Cut(text, "\x00")
	case s.db.has("keys without accents"):
		text = strings.NewReplacer("é", "e", "ü", "u", "e\u0301", "e").Replace(text)
	}
	return schema.FoldKey(text)
}

func (s *naive) taken(ctx context.Context, r *schema.Resource) error {
	paths := s.t.Unique()
	switch {
	case s.db.has("unique values are not checked"):
		return nil
	case s.db.has("externalId is unique"):
		paths = append(paths, schema.AttrPath{schema.ExternalIDAttribute})
	case s.db.has("displayName is unique"):
		paths = append(paths, s.t.MustResolve("displayName"))
	}
	for _, p := range paths {
		for v := range p.Values(r) {
			for _, other := range s.db.rows {
				if other.resource.ID == r.ID && !s.db.has("one's own value is taken") || other.dead && !s.db.has("deletion does not free") && !s.db.has("old values are not freed") || !s.sees(ctx, other, "keys") {
					continue
				}
				for w := range p.Values(other.resource) {
					if s.fold(p.Last(), v) == s.fold(p.Last(), w) {
						return &store.UniquenessError{Path: p.String()}
					}
				}
			}
		}
	}
	return nil
}

// kept returns the resource that is stored.
func (s *naive) kept(r *schema.Resource, version int) *schema.Resource {
	c := *r
	c.Version = strconv.Itoa(version)
	var b schema.Builder
	for a, v := range r.Attributes.All() {
		b.Set(a, s.spoilt(v))
	}
	c.Attributes = b.Object()
	for defect, unit := range map[string]time.Duration{"times in seconds": time.Second, "times in milliseconds": time.Millisecond} {
		if s.db.has(defect) {
			c.Created, c.LastModified = c.Created.Truncate(unit), c.LastModified.Truncate(unit)
		}
	}
	if s.db.has("the argument is written to") {
		r.Version = c.Version
	}
	if s.db.has("the argument is kept") {
		*r = c
		return r
	}
	return &c
}

// spoilt returns a value as a database with the defect stores it.
func (s *naive) spoilt(v schema.Value) schema.Value {
	switch {
	case v.IsList():
		var out []schema.Value
		for _, one := range v.All() {
			if s.db.has("lists are sets") && slices.ContainsFunc(out, func(w schema.Value) bool { return schema.Identical(one, w) }) {
				continue
			}
			out = append(out, s.spoilt(one))
		}
		return schema.List(out...)
	case v.Type() == schema.TypeComplex:
		var b schema.Builder
		for a, w := range v.Object().All() {
			b.Set(a, s.spoilt(w))
		}
		return schema.Complex(b.Object())
	case v.Type() == schema.TypeString && s.db.has("text ends at zero"):
		text, _, _ := strings.Cut(v.Text(), "\x00")
		return schema.String(text)
	case v.Type() == schema.TypeString && s.db.has("text is folded"):
		return schema.String(schema.FoldKey(v.Text()))
	case v.Type() == schema.TypeString && v.Text() == "" && s.db.has("empty text is null"):
		return schema.Value{}
	case v.Type() == schema.TypeDateTime && s.db.has("dates in UTC"):
		return schema.DateTime(v.Time())
	case v.Type() == schema.TypeDecimal && s.db.has("decimals are floats"):
		return schema.Decimal(fmt.Sprint(v.Float()), v.Float())
	}
	return v
}

func (s *naive) Create(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	stored, _, err := s.create(ctx, c.After, nil)
	return stored, err
}

// create adds a row with the first members.
func (s *naive) create(ctx context.Context, r *schema.Resource, joining []schema.Member) (*schema.Resource, []schema.Member, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer func() { release() }()
	err = s.taken(ctx, r)
	if s.db.has("keys are checked before") {
		if release, err = s.db.yieldLock(ctx, release); err != nil {
			return nil, nil, err
		}
	}
	stored := s.kept(r, 1)
	if s.db.has("ids are used again") {
		live := 0
		for _, r := range s.db.rows {
			if !r.dead {
				live++
			}
		}
		stored.ID = fmt.Sprint("id-", live)
	}
	if s.db.overflows(len(joining)) {
		return nil, nil, errParameters
	}
	created := row{tenant: store.Tenant(ctx), resource: stored, version: 1}
	if !s.db.has("initial members are lost") {
		for _, m := range joining {
			created.members = append(created.members, s.member(m))
		}
	}
	if err == nil || s.db.has("a failed create stores") {
		s.db.rows = append(s.db.rows, created)
	}
	return stored, created.members, err
}

var errParameters = errors.New("too many parameters")

// overflows reports whether a statement about so many members has more parameters
// than the defect allows.
func (db *naiveDB) overflows(members int) bool {
	return db.has("999 parameters") && members > 999 || db.has("65535 parameters") && 4*members > 65535
}

func (s *naive) member(m schema.Member) schema.Member {
	if s.db.has("members have no type") {
		m.Type = ""
	}
	return m
}

// current returns the row to be changed.
func (s *naive) current(ctx context.Context, id, ifVersion, op string) (int, error) {
	i := s.find(ctx, id, op)
	switch {
	case i < 0:
		return i, store.ErrNotFound
	case ifVersion != "" && ifVersion != s.db.rows[i].resource.Version && !s.db.has(op+" ignores the version"):
		return i, store.ErrVersion
	}
	return i, nil
}

func (s *naive) Update(ctx context.Context, c *store.Change) (*schema.Resource, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { release() }()
	i, err := s.current(ctx, c.ID, c.IfVersion, "Update")
	if i < 0 && s.db.has("update creates") {
		s.db.rows = append(s.db.rows, row{tenant: store.Tenant(ctx), resource: s.kept(c.After, 1), version: 1})
		return c.After, nil
	}
	if err != nil {
		return nil, err
	}
	if s.db.has("the version is checked before") {
		if release, err = s.db.yieldLock(ctx, release); err != nil {
			return nil, err
		}
	}
	return s.write(ctx, i, c.After)
}

func (s *naive) write(ctx context.Context, i int, after *schema.Resource) (*schema.Resource, error) {
	if err := s.taken(ctx, after); err != nil && !s.db.has("keys are not checked on update") {
		return nil, err
	}
	if s.db.has("old values are not freed") {
		old := s.db.rows[i]
		old.dead = true
		s.db.rows = append(s.db.rows, old)
	}
	r := &s.db.rows[i]
	if !s.db.has("the version stays") {
		r.version++
	}
	if s.db.has("the version has two values") {
		r.version %= 2
	}
	if s.db.has("update merges") {
		var b schema.Builder
		for _, o := range []*schema.Object{r.resource.Attributes, after.Attributes} {
			for a, v := range o.All() {
				b.Set(a, v)
			}
		}
		after = after.WithAttributes(b.Object())
	}
	if s.db.has("update drops members") {
		r.members = nil
	}
	stored := s.kept(after, r.version)
	if s.db.has("update writes in place") {
		*r.resource = *stored
	} else {
		r.resource = stored
	}
	return r.resource, nil
}

func (s *naive) Delete(ctx context.Context, c *store.Change) error {
	if s.db.has("deletion does not lock") {
		ctx = context.WithValue(ctx, inTx{s.db}, true)
	}
	release, err := s.db.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	i, err := s.current(ctx, c.ID, c.IfVersion, "Delete")
	if err == store.ErrNotFound && s.db.has("deleting twice succeeds") {
		return nil
	}
	if err != nil {
		return err
	}
	s.db.deaths++
	r := &s.db.rows[i]
	if !s.db.has("older tombstones are found") && !s.db.has("the first tombstone is found") {
		s.lose(ctx, *r)
	}
	r.dead, r.died, r.diedAt = true, s.db.deaths, c.At
	return nil
}
