package main

import (
	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
)

// raise sets the bounds on what one client may do so high that none is reached. What
// they cost stays part of the measurement: rates and brake count as ever.
func raise(cfg *scim.Config) {
	const many = 1_000_000_000
	cfg.Limits.Rate, cfg.Limits.Burst = many, many
	most := brake.Bound{Most: many}
	cfg.Brake = brake.Config{Leavers: most, Memberships: most, Creations: most}
}
