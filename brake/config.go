package brake

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind is what a bound counts.
type Kind string

const (
	// Leavers are resources that are deactivated or deleted, of any type without
	// members, such as users. Who is deactivated first and deleted later counts twice.
	Leavers Kind = "leavers"
	// Memberships are members that are removed from groups, and the members of a
	// group that is deleted. A group within a group is one member.
	Memberships Kind = "memberships"
	// Creations are resources of a type without members that are created.
	Creations Kind = "creations"
)

// Bound is how many of a [Kind] one connection may have within a window: Most, or
// Share of the resources that exist for it (of users, for memberships), whichever is
// more. Resources that are inactive, or that it created, reactivated or adopted within
// the window, are not part of the share. Most 0 and Share 0 together are the default of the kind.
type Bound struct {
	Most  int
	Share float64 // 0.1 is 10 %
}

// Config is the configuration of the brake. The zero value is a brake with the
// defaults.
type Config struct {
	// Off switches the brake off.
	Off bool
	// Leavers is by default 100 and 10 %.
	Leavers Bound
	// Memberships is by default 1,000 and 50 %.
	Memberships Bound
	// Creations is by default 10,000 and 100 %. Release the brake before the first
	// synchronisation of more people.
	Creations Bound
	// Window is how long a count goes on; default 24 hours. It begins with the first
	// that is counted.
	Window time.Duration
	// Alert, if set, is called when a write is stopped, once for each connection and
	// kind in an hour and again after a release, after the transaction was rolled back
	// and before the response. Its context has the tenant. Of several processes one calls it. A panic
	// is an error of the request.
	Alert func(ctx context.Context, s *Stop)
}

// Stop is the error of a write beyond a bound. It is answered 503.
type Stop struct {
	Tenant     string
	Connection string // scim.Principal.Connection, or TokenID if it is ""
	Kind       Kind
	Type       string // name of the resource type
	Limit      int64  // what the bound allows in the window
	Window     time.Duration
}

// Error returns the detail of the response.
func (s *Stop) Error() string {
	return fmt.Sprintf("stopped by the brake: more than %d %s within %s; an operator of this service has to release it", s.Limit, s.Kind, hours(s.Window))
}

// hours is a duration in words: whole hours, if it has no other part.
func hours(d time.Duration) string {
	switch n := d / time.Hour; {
	case d%time.Hour != 0:
		return d.String()
	case n == 1:
		return "1 hour"
	default:
		return fmt.Sprintf("%d hours", n)
	}
}

// Release lets a connection go on after it was stopped, or before.
type Release struct {
	Connection string // Stop.Connection, "" too
	Kind       Kind
	Type       string // Stop.Type
	// More is how many are allowed beyond the bound, and beyond what is counted
	// already. It goes on for Config.Window. A second release adds to the first, and
	// ends with it, but not before the window in which it is given. At most
	// 1,000,000,000.
	More int64
	// ID, if set, is the only resource that the release concerns, once: a leaver among
	// those that are stopped. More is not used.
	ID string
	// Actor and Reason, which are required, are part of the audit record.
	Actor, Reason string
}

// ErrRelease is what an error of Handler.ReleaseBrake is (errors.Is) that says what is
// wrong in the release; nothing was released.
var ErrRelease = errors.New("scim: the release of the brake is wrong")

// mostMore is the most of Release.More: sums of it stay far from the largest number.
const mostMore = 1_000_000_000

func (r Release) check() error {
	switch {
	case r.Actor == "" || r.Reason == "":
		return errors.New("scim: the release of the brake needs an Actor and a Reason")
	case r.Kind != Leavers && r.Kind != Memberships && r.Kind != Creations:
		return fmt.Errorf("scim: the release of the brake has the unknown Kind %q", r.Kind)
	case r.Type == "":
		return errors.New("scim: the release of the brake needs a Type, and the Connection, those of the Stop")
	case r.ID == "" && r.More <= 0:
		return errors.New("scim: the release of the brake needs More, or the ID of a resource")
	case r.More > mostMore:
		return fmt.Errorf("scim: the release of the brake needs a More of at most %d", mostMore)
	}
	return nil
}

// Check returns the mistakes in a configuration.
func (c Config) Check() error {
	var errs []error
	for kind, b := range map[Kind]Bound{Leavers: c.Leavers, Memberships: c.Memberships, Creations: c.Creations} {
		switch {
		case b.Most < 0 || !(b.Share >= 0):
			errs = append(errs, fmt.Errorf("scim: Config.Brake: the bound of %s is negative; 0 takes the default, Off switches the brake off", kind))
		case b.Most == 0 && b.Share > 0:
			errs = append(errs, fmt.Errorf("scim: Config.Brake: the bound of %s has a Share and no Most, which would stop the first in a small organisation: give both", kind))
		case b.Share > 1:
			errs = append(errs, fmt.Errorf("scim: Config.Brake: the bound of %s has a Share of more than 1, which is all", kind))
		}
	}
	if c.Window < 0 || c.Window > 0 && c.Window < time.Minute {
		errs = append(errs, fmt.Errorf("scim: Config.Brake.Window is %s; give at least a minute, 0 takes the default", c.Window))
	}
	return errors.Join(errs...)
}

func (c Config) withDefaults() Config {
	set := func(b *Bound, most int, share float64) {
		if *b == (Bound{}) {
			*b = Bound{most, share}
		}
	}
	set(&c.Leavers, 100, 0.1)
	set(&c.Memberships, 1000, 0.5)
	set(&c.Creations, 10_000, 1)
	if c.Window == 0 {
		c.Window = 24 * time.Hour
	}
	return c
}

func (c Config) bound(k Kind) Bound {
	switch k {
	case Leavers:
		return c.Leavers
	case Memberships:
		return c.Memberships
	}
	return c.Creations
}
