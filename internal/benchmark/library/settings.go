package main

import (
	"github.com/seed5f3efb56/scim"
	"github.com/seed5f3efb56/scim/brake"
)

// raise sets the bounds on what one client may do so high that none is reached. What
// they cost stays part of the measurement: rates count as ever, and the brake if it is on.
func raise(cfg *scim.Config, withBrake bool) {
	const many = 1_000_000_000
	cfg.Limits.Rate, cfg.Limits.Burst = many, many
	most := brake.Bound{Most: many}
	cfg.Brake = brake.Config{Off: !withBrake, Leavers: most, Memberships: most, Creations: most}
}
