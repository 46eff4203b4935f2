package limit

import (
	"encoding/json"
	"strconv"
	"time"
)

// User is what the handler knows of a user: the attributes that the load has, typed as
// a handler for one product would have them.
type User struct {
	Schemas           []string    `json:"schemas"`
	ID                string      `json:"id"`
	ExternalID        string      `json:"externalId,omitempty"`
	Meta              *Meta       `json:"meta,omitempty"`
	UserName          string      `json:"userName"`
	Name              *Name       `json:"name,omitempty"`
	DisplayName       string      `json:"displayName,omitempty"`
	NickName          string      `json:"nickName,omitempty"`
	Title             string      `json:"title,omitempty"`
	UserType          string      `json:"userType,omitempty"`
	PreferredLanguage string      `json:"preferredLanguage,omitempty"`
	Locale            string      `json:"locale,omitempty"`
	Timezone          string      `json:"timezone,omitempty"`
	Active            bool        `json:"active"`
	Emails            []Value     `json:"emails,omitempty"`
	PhoneNumbers      []Value     `json:"phoneNumbers,omitempty"`
	Addresses         []Address   `json:"addresses,omitempty"`
	Enterprise        *Enterprise `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitempty"`
}

// Meta is the attribute meta.
type Meta struct {
	ResourceType string `json:"resourceType"`
	Created      string `json:"created"`
	LastModified string `json:"lastModified"`
	Location     string `json:"location"`
	Version      string `json:"version"`
}

// Name is the attribute name.
type Name struct {
	Formatted  string `json:"formatted,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
	GivenName  string `json:"givenName,omitempty"`
}

// Value is a value of emails and phoneNumbers.
type Value struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// Address is a value of addresses.
type Address struct {
	StreetAddress string `json:"streetAddress,omitempty"`
	Locality      string `json:"locality,omitempty"`
	Region        string `json:"region,omitempty"`
	PostalCode    string `json:"postalCode,omitempty"`
	Country       string `json:"country,omitempty"`
	Type          string `json:"type,omitempty"`
}

// Enterprise is the enterprise extension.
type Enterprise struct {
	EmployeeNumber string `json:"employeeNumber,omitempty"`
	CostCenter     string `json:"costCenter,omitempty"`
	Organization   string `json:"organization,omitempty"`
	Division       string `json:"division,omitempty"`
	Department     string `json:"department,omitempty"`
}

// stamp gives the user its id and a new version.
func (u *User) stamp(base, id string, version int64) ([]byte, error) {
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000000Z")
	if u.Meta == nil {
		u.Meta = &Meta{Created: now}
	}
	u.ID = id
	u.Meta.ResourceType, u.Meta.Location = "User", base+"/Users/"+id
	u.Meta.LastModified, u.Meta.Version = now, etag(version)
	return json.Marshal(u)
}

func etag(version int64) string { return `W/"` + strconv.FormatInt(version, 10) + `"` }

// patchRequest is the body of a PATCH, with the values that the load sends.
type patchRequest struct {
	Operations []struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	}
}

type member struct {
	Value string `json:"value"`
}

type group struct {
	Schemas     []string `json:"schemas"`
	ID          string   `json:"id"`
	DisplayName string   `json:"displayName"`
}
