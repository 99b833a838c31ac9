package permissions

import (
	"fmt"
	"maps"
	"slices"
)

// Need is one permission at one place, with the reason for it.
type Need struct {
	// Permission is the permission's name, such as run.services.get. Place is the kind of resource that it is needed on. For says what
	// needs it.
	Permission string
	Place      Place
	For        string
}

// Grant is a role that an account holds at a place.
type Grant struct {
	Role  string
	Place Place
	// Permissions are the role's permissions: from [Roles] for a predefined role, and from the program's own list for a
	// custom one.
	Permissions []string
}

// Action is a way to use a resource.
type Action int

// The actions. An account that may take one may take all before it.
const (
	Reads Action = iota
	Updates
	Creates
)

// ForType returns the permissions for an action on a resource of a type. Every change also reads the resource, and an
// account that creates resources also updates and deletes them. It fails for a type that [Types] does not have.
func ForType(token string, action Action) ([]Need, error) {
	t, known := Types[token]
	if !known {
		return nil, fmt.Errorf("nothing is known about the permissions of %s: add a row to Types in firstrun/permissions/types.go", token)
	}
	wanted := slices.Clone(t.Read)
	if action >= Updates {
		wanted = append(wanted, t.Update...)
	}
	if action >= Creates {
		wanted = append(append(wanted, t.Create...), t.Delete...)
	}
	var needs []Need
	for _, permission := range wanted {
		place := t.Place
		if permission == ActAs {
			place = OnServiceAccount
		}
		needs = append(needs, Need{Permission: permission, Place: place, For: token})
	}
	return needs, nil
}

// covers says whether a grant at one place holds at another: a project's grants hold for everything in the project.
func (p Place) covers(other Place) bool {
	return p == other || p == OnProject && other != OnBillingAccount
}

// Result is how needs and grants compare.
type Result struct {
	// Missing are needs that no grant meets.
	Missing []Need
	// Idle are grants that meet no need, and grants whose needs are all met by other grants.
	Idle []Grant
	// Uses maps a grant's index to the permissions that it is needed for, sorted.
	Uses map[int][]string
}

// Compare says which needs the grants leave unmet, and which grants could go. A need that several grants meet counts as a
// use of all of them.
func Compare(needs []Need, grants []Grant) Result {
	uses, alone := map[int]map[string]bool{}, map[int]bool{}
	result := Result{Uses: map[int][]string{}}
	for _, need := range needs {
		met := []int{}
		for i, grant := range grants {
			if grant.Place.covers(need.Place) && Holds(grant.Permissions, need.Permission) {
				if uses[i] == nil {
					uses[i] = map[string]bool{}
				}
				uses[i][need.Permission], met = true, append(met, i)
			}
		}
		if len(met) == 1 {
			alone[met[0]] = true
		}
		if len(met) == 0 && !slices.Contains(result.Missing, need) {
			result.Missing = append(result.Missing, need)
		}
	}
	for i, grant := range grants {
		result.Uses[i] = slices.Sorted(maps.Keys(uses[i]))
		if !alone[i] {
			result.Idle = append(result.Idle, grant)
		}
	}
	return result
}
