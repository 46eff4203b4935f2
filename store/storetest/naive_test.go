package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed5f3efb56/scim/filter"
	"github.com/seed5f3efb56/scim/schema"
	"github.com/seed5f3efb56/scim/store"
)

// naiveDB is a second store, as simple as can be: a list of rows behind one
// lock, which every call looks through from end to end. It can be broken in
// the ways that selftest_test.go lists.
type naiveDB struct {
	defect string
	lock   chan struct{}
	rows   []row
}

type row struct {
	tenant   string
	resource *schema.Resource // its Type is the type of the row
	version  int
	members  []schema.Member
	dead     bool
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
	}
}

// has reports whether the store is to have that defect.
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

// again lets others in between.
func (db *naiveDB) again(ctx context.Context, release func()) (func(), error) {
	release()
	for range 1000 {
		runtime.Gosched()
	}
	return db.acquire(ctx)
}

func (db *naiveDB) InTx(ctx context.Context, fn func(context.Context) error) (err error) {
	if db.has("transactions run at the same time") {
		return fn(ctx)
	}
	if ctx.Value(inTx{db}) != nil && !db.has("joining does not") {
		return fn(ctx)
	}
	inner := ctx.Value(inTx{db}) != nil
	release, err := db.acquire(ctx)
	if err != nil {
		return err
	}
	saved := cloneRows(db.rows)
	done := false
	defer func() {
		if !done && !inner {
			db.rollback(saved)
		}
		if done || !db.has("a panic keeps the lock") {
			release()
		}
	}()
	if db.has("dirty reads") && !inner {
		release()
		release = func() {}
	}
	err = fn(context.WithValue(ctx, inTx{db}, true))
	switch {
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
	case db.has("no rollback"):
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
	return store.Capabilities{Filter: can, Sort: func(schema.AttrPath) bool { return true }, Versions: true}
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

func (s *naive) Get(ctx context.Context, id string, _ store.GetOptions) (*schema.Resource, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if s.db.has("a strange id is an error") && len(id) > 100 {
		return nil, errors.New("value too long")
	}
	i := s.find(ctx, id, "Get")
	if i < 0 {
		return nil, store.ErrNotFound
	}
	return s.db.rows[i].resource, nil
}

func (s *naive) Exists(ctx context.Context, ids []string) ([]string, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return s.find(ctx, id, "Exists") < 0 && !s.db.has("everything exists")
	}), nil
}

// fold is the key under which values are unique.
func (s *naive) fold(a *schema.Attribute, v schema.Value) string {
	text := v.Text()
	switch {
	case s.db.has("keys are floats") && a.Type == schema.TypeInteger:
		return fmt.Sprint(v.Float())
	case !a.FoldsCase():
		return text
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
	if s.db.has("externalId is unique") {
		paths = append(paths, schema.AttrPath{schema.ExternalIDAttribute})
	}
	for _, p := range paths {
		for v := range p.Values(r) {
			for _, other := range s.db.rows {
				if other.resource.ID == r.ID && !s.db.has("one's own value is taken") || other.dead && !s.db.has("deletion does not free") || !s.sees(ctx, other, "keys") {
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

// kept returns a resource as it is stored.
func (s *naive) kept(r *schema.Resource, version int) *schema.Resource {
	c := *r
	c.Version = strconv.Itoa(version)
	var b schema.Builder
	for a, v := range r.Attributes.All() {
		if a != s.t.Members() || s.db.has("members are part of the resource") {
			b.Set(a, s.spoilt(v))
		}
	}
	c.Attributes = b.Object()
	if s.db.has("times in seconds") {
		c.Created, c.LastModified = c.Created.Truncate(time.Second), c.LastModified.Truncate(time.Second)
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

// spoilt is what becomes of a value in a database that does not keep it.
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

func (s *naive) Create(ctx context.Context, r *schema.Resource) (*schema.Resource, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { release() }()
	err = s.taken(ctx, r)
	if s.db.has("keys are checked before") {
		if release, err = s.db.again(ctx, release); err != nil {
			return nil, err
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
	created := row{tenant: store.Tenant(ctx), resource: stored, version: 1}
	if m := s.t.Members(); m != nil && !s.db.has("initial members are lost") {
		for _, v := range r.Get(m).All() {
			o := v.Object()
			created.members = append(created.members, s.member(schema.Member{Value: o.Get(m.Sub("value")).Text(), Type: o.Get(m.Sub("type")).Text()}))
		}
	}
	if err == nil || s.db.has("a failed create stores") {
		s.db.rows = append(s.db.rows, created)
	}
	return stored, err
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
	i, err := s.current(ctx, c.After.ID, c.IfVersion, "Update")
	if i < 0 && s.db.has("update creates") {
		s.db.rows = append(s.db.rows, row{tenant: store.Tenant(ctx), resource: s.kept(c.After, 1), version: 1})
		return c.After, nil
	}
	if err != nil {
		return nil, err
	}
	if s.db.has("the version is checked before") {
		if release, err = s.db.again(ctx, release); err != nil {
			return nil, err
		}
	}
	return s.write(ctx, i, c.After)
}

func (s *naive) write(ctx context.Context, i int, after *schema.Resource) (*schema.Resource, error) {
	if err := s.taken(ctx, after); err != nil && !s.db.has("keys are not checked on update") {
		return nil, err
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

func (s *naive) Delete(ctx context.Context, id, ifVersion string) error {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	i, err := s.current(ctx, id, ifVersion, "Delete")
	if err != nil {
		return err
	}
	s.db.rows[i].dead = true
	return nil
}

func (s *naive) List(ctx context.Context, q *store.Query) (store.Page, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return store.Page{}, err
	}
	defer release()
	var (
		p     store.Page
		all   []*schema.Resource
		after = -1
	)
	for i, r := range s.db.rows {
		if !s.sees(ctx, r, "List") {
			continue
		}
		if q.AfterID == r.resource.ID && (!r.dead || !s.db.has("behind a gone id it begins again")) {
			after = i
		}
	}
	before := 0
	for i, r := range s.db.rows {
		if r.dead && !s.db.has("the dead are listed") || !s.sees(ctx, r, "List") || q.Filter != nil && !s.matches(q.Filter, r) {
			continue
		}
		if i <= after {
			before++
			continue
		}
		all = append(all, r.resource)
	}
	offset, count := q.Offset, q.Count
	if s.db.has("pages overlap") && offset > 0 {
		offset--
	}
	if s.db.has("no order") && q.Offset > 0 {
		slices.Reverse(all)
	}
	if q.SortBy != nil {
		s.sort(all, q)
	}
	p.Total = before + len(all)
	if s.db.has("the total is what is left") {
		p.Total = len(all)
	}
	if s.db.has("count 0 is no limit") && count == 0 {
		count = len(all)
	}
	all = all[min(offset, len(all)):]
	p.Resources = all[:min(count, len(all))]
	if s.db.has("the total is the page") {
		p.Total = len(p.Resources)
	}
	if s.db.has("the total ignores the filter") {
		p.Total = len(s.db.rows)
	}
	return p, nil
}

// matches is Match with the members there, or what a defect makes of it.
func (s *naive) matches(f *filter.Filter, r row) bool {
	e := f.Expr()
	for _, rewrite := range []struct {
		defect string
		fn     func(filter.Expr) filter.Expr
	}{
		{"the filter is dropped", func(filter.Expr) filter.Expr { return filter.Compare{Op: filter.NE, Value: schema.String("")} }},
		{"half of a conjunction is dropped", func(e filter.Expr) filter.Expr {
			if and, ok := e.(filter.And); ok {
				return and.Left
			}
			return e
		}},
		{"value paths fall apart", fallApart},
		{"eq is sw", func(e filter.Expr) filter.Expr {
			if c, ok := e.(filter.Compare); ok && c.Op == filter.EQ && !c.Null && c.Path.Last().Type == schema.TypeString {
				c.Op = filter.SW
				return c
			}
			return e
		}},
		{"not of nothing is nothing", func(e filter.Expr) filter.Expr {
			if n, ok := e.(filter.Not); ok {
				if c, ok := n.Expr.(filter.Compare); ok && len(c.Path) > 0 {
					return filter.And{Left: filter.Compare{Path: c.Path, Op: filter.PR}, Right: n}
				}
			}
			return e
		}},
	} {
		if s.db.has(rewrite.defect) {
			e = rewrite.fn(e)
		}
	}
	whole := r.resource
	if m := s.t.Members(); m != nil && !s.db.has("members are not matched") {
		var list []any
		for _, one := range r.members {
			list = append(list, attrs{"value": one.Value, "type": one.Type})
		}
		whole = whole.With(m, value(m, list))
	}
	if c, ok := e.(filter.Compare); ok && s.db.has("numbers are compared as text") && c.Op == filter.GT && c.Path.Last().Type == schema.TypeInteger {
		for v := range c.Path.Values(whole) {
			if v.Text() > c.Value.Text() {
				return true
			}
		}
		return false
	}
	if c, ok := e.(filter.Compare); ok && s.db.has("dates are compared as text") && c.Op == filter.EQ && !c.Null && len(c.Path) > 0 && c.Path.Last().Type == schema.TypeDateTime {
		for v := range c.Path.Values(whole) {
			if v.Text() == c.Value.Text() {
				return true
			}
		}
		return false
	}
	return filter.New(e).Match(whole)
}

// fallApart lets each condition of a value path be met by another value.
func fallApart(e filter.Expr) filter.Expr {
	v, ok := e.(filter.ValuePath)
	if !ok {
		return e
	}
	and, ok := v.Expr.(filter.And)
	if !ok {
		return e
	}
	return filter.And{Left: filter.ValuePath{Path: v.Path, Expr: and.Left}, Right: filter.ValuePath{Path: v.Path, Expr: and.Right}}
}

func (s *naive) sort(rs []*schema.Resource, q *store.Query) {
	store.Sort(rs, q.SortBy, q.Descending)
	key := func(r *schema.Resource) string { return store.SortValue(r, q.SortBy).Text() }
	switch {
	case s.db.has("a missing value comes first"):
		slices.SortStableFunc(rs, func(a, b *schema.Resource) int {
			return cmp.Compare(boolInt(key(a) != ""), boolInt(key(b) != ""))
		})
	case s.db.has("missing is always last") && q.Descending:
		slices.SortStableFunc(rs, func(a, b *schema.Resource) int {
			return cmp.Compare(boolInt(key(a) == ""), boolInt(key(b) == ""))
		})
	case s.db.has("the order minds case") && !q.Descending:
		slices.SortStableFunc(rs, func(a, b *schema.Resource) int { return cmp.Compare(key(a), key(b)) })
	case s.db.has("descending reverses ties") && q.Descending:
		store.Sort(rs, q.SortBy, false)
		slices.Reverse(rs)
	case s.db.has("the order is by the first value"):
		first := func(r *schema.Resource) string {
			for v := range q.SortBy.Values(r) {
				return v.Text()
			}
			return ""
		}
		slices.SortStableFunc(rs, func(a, b *schema.Resource) int { return cmp.Compare(first(a), first(b)) })
	case s.db.has("the order is for the page") && q.Offset > 0:
		slices.SortFunc(rs, func(a, b *schema.Resource) int { return cmp.Compare(a.ID, b.ID) })
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *naive) Members(ctx context.Context, id string) iter.Seq2[schema.Member, error] {
	return func(yield func(schema.Member, error) bool) {
		release, err := s.db.acquire(ctx)
		if err != nil {
			yield(schema.Member{}, err)
			return
		}
		i := s.find(ctx, id, "Members")
		if i < 0 {
			release()
			if !s.db.has("no group has no members") {
				yield(schema.Member{}, store.ErrNotFound)
			}
			return
		}
		list := slices.Clone(s.db.rows[i].members)
		if s.db.has("members are locked while drawn") {
			defer release()
		} else {
			release()
		}
		for j := 0; j < len(list); j++ {
			if !yield(list[j], nil) {
				return
			}
			if s.db.has("members change while drawn") {
				list = s.db.rows[i].members
			}
		}
	}
}

func (s *naive) UpdateMembers(ctx context.Context, c *store.Change) (*schema.Resource, schema.MemberDelta, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	defer func() { release() }()
	i, err := s.current(ctx, c.After.ID, c.IfVersion, "UpdateMembers")
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	old := s.db.rows[i].members
	if s.db.has("members are read before") {
		if release, err = s.db.again(ctx, release); err != nil {
			return nil, schema.MemberDelta{}, err
		}
	}
	list, did := s.apply(old, c.Members)
	if did.Empty() && c.After.Attributes == c.Before.Attributes && !s.db.has("nothing is a change") {
		return c.Before, did, nil
	}
	if did.Empty() && s.db.has("attributes need a member") {
		return c.Before, did, nil
	}
	stored, err := s.write(ctx, i, c.After)
	if err != nil {
		return nil, schema.MemberDelta{}, err
	}
	s.db.rows[i].members = list
	if s.db.has("the delta is what was asked") {
		did = *c.Members
	}
	return stored, did, nil
}

func (s *naive) apply(old []schema.Member, d *schema.MemberDelta) ([]schema.Member, schema.MemberDelta) {
	var did schema.MemberDelta
	if d == nil {
		return old, did
	}
	stays := map[string]bool{}
	for _, m := range old {
		stays[m.Value] = !d.Replace || s.db.has("replace adds")
	}
	for _, id := range d.Remove {
		if _, ok := stays[id]; ok {
			stays[id] = false
		}
	}
	var list []schema.Member
	for _, m := range d.Add {
		_, present := stays[m.Value]
		stays[m.Value] = true
		if !present || s.db.has("adding adds again") {
			list, did.Add = append(list, s.member(m)), append(did.Add, m)
		}
	}
	for _, m := range slices.Backward(old) {
		if stays[m.Value] {
			list = append([]schema.Member{m}, list...)
		} else {
			did.Remove = append(did.Remove, m.Value)
		}
	}
	if s.db.has("the delta is kept") && len(old) == 1 {
		list = d.Add
		for i := range list {
			list[i] = s.member(list[i])
		}
	}
	return list, did
}

func (s *naive) GroupsOf(ctx context.Context, ids []string) (map[string][]store.GroupRef, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	out := map[string][]store.GroupRef{}
	for _, r := range s.db.rows {
		if r.dead && !s.db.has("the dead have members") || r.resource.Type != s.t || !s.sees(ctx, r, "GroupsOf") {
			continue
		}
		for _, m := range r.members {
			if slices.Contains(ids, m.Value) || s.db.has("groups of everybody") {
				out[m.Value] = append(out[m.Value], store.GroupRef{ID: r.resource.ID, Display: s.display(r.resource)})
			}
		}
		if s.db.has("groups of the first only") && len(out) > 0 {
			break
		}
	}
	return out, nil
}

func (s *naive) display(r *schema.Resource) string {
	if s.db.has("groups have no name") {
		return ""
	}
	return r.Get(displayName).Text()
}

func (s *naive) RemoveFromAll(ctx context.Context, id string, at time.Time) ([]string, error) {
	release, err := s.db.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var out []string
	for i, r := range s.db.rows {
		if r.dead || r.resource.Type != s.t || !s.sees(ctx, r, "RemoveFromAll") {
			continue
		}
		list, did := s.apply(r.members, &schema.MemberDelta{Remove: []string{id}})
		if did.Empty() {
			continue
		}
		after := *r.resource
		if !s.db.has("removal is no modification") {
			after.LastModified = at
		}
		if !s.db.has("removal keeps the version") {
			s.db.rows[i].version++
		}
		s.db.rows[i].resource = s.kept(&after, s.db.rows[i].version)
		s.db.rows[i].members = list
		out = append(out, r.resource.ID)
		if s.db.has("removal from the first only") {
			break
		}
	}
	return out, nil
}
