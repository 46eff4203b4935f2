package sqlquery

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed5f3efb56/scim/store"
)

// tenantField is a field of the tenant, and how it is written as text.
type tenantField struct {
	*field
	codec idCodec
}

// tenantSeparator stands between the parts of a tenant of several columns.
const tenantSeparator = "/"

// setTenant sets the tenant fields of v. A tenant that they cannot have is an
// error: reading nothing would look like an empty organisation, and reading
// without a condition would mix all of them.
func (m *Typed[T]) setTenant(v *T, tenant string) error {
	switch {
	case len(m.tenants) == 0 && tenant == "":
		return nil
	case len(m.tenants) == 0:
		return fmt.Errorf("has no tenant column, but the request has the tenant %q: add a field with the tag `scim:\",tenant\"`, or leave scim.Principal.Tenant empty", tenant)
	case tenant == "":
		return fmt.Errorf("has a tenant column, but the request has no tenant: set store.Token.Tenant, or scim.Principal.Tenant in the Authenticator")
	}
	// The last part may contain the separator.
	parts := strings.SplitN(tenant, tenantSeparator, len(m.tenants))
	if len(parts) != len(m.tenants) {
		return fmt.Errorf("has a tenant of %d columns, but the tenant %q of the request has not as many parts, separated by %s", len(m.tenants), tenant, tenantSeparator)
	}
	for i, f := range m.tenants {
		parsed, ok := f.codec.parse(parts[i])
		if !ok {
			return fmt.Errorf("has a tenant column of type %s, but the tenant of the request is %q: set store.Token.Tenant to the text of a value of the column", f.Type, tenant)
		}
		f.goValue(v).Set(parsed)
	}
	return nil
}

// HasTenants reports whether T has a field of the tenant, or row-level security
// keeps tenants apart ([Prepare]). Package scim refuses endpoints of which some have
// tenants and some do not.
func (t *Table[T]) HasTenants() bool { return t.policed || len(t.typed.tenants) > 0 }

// setTenant sets the tenant fields of v to the tenant of the context.
func (t *Table[T]) setTenant(ctx context.Context, v *T) error {
	if t.policed {
		return t.checkTenant(ctx)
	}
	if err := t.typed.setTenant(v, store.Tenant(ctx)); err != nil {
		return fmt.Errorf("sqlquery: %s %w", t.name, err)
	}
	return nil
}

// ours writes the condition for rows of the context's tenant that are resources,
// deleted or not. A tenant that the table cannot have is an error.
func (t *Table[T]) ours(ctx context.Context, s *statement) error {
	v := new(T)
	if err := t.setTenant(ctx, v); err != nil {
		return err
	}
	if len(t.typed.tenants) == 0 {
		s.add(always)
	}
	for i, f := range t.typed.tenants {
		if i > 0 {
			s.add(" AND ")
		}
		t.equals(s, f.field, t.arg(v, f.field))
	}
	if t.options.Where != "" {
		s.add(" AND (", t.options.Where, ")")
	}
	return nil
}

// equals writes that a column has a value. Text is compared byte by byte.
func (t *Table[T]) equals(s *statement, f *field, value any) {
	if text, ok := value.(string); ok {
		s.equal(s, t.column(f), text)
		return
	}
	s.add(t.column(f), " = ").arg(value)
}
