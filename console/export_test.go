package console

import "time"

// BePatient makes pages wait for figures and searches, however busy the machine is.
func (c *Console) BePatient() { c.patience = time.Minute }

// DoNotWait makes pages show what is known at once.
func (c *Console) DoNotWait() { c.patience = 0 }
