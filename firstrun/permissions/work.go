package permissions

import (
	"fmt"
	"maps"
	"slices"
)

// Need is one permission at one place, and what it is for.
type Need struct {
	Permission string
	Place      Place
	For        string
}

// Grant is what an account holds: a role at a place.
type Grant struct {
	Role  string
	Place Place
	// Permissions are those of the role: [Roles] of a predefined one, the program's own list of a custom one.
	Permissions []string
}

// Action is what is done with a resource.
type Action int

// The actions; each is done by whoever may do the one before it.
const (
	Reads Action = iota
	Updates
	Creates
)

// ForType is what an action on a resource of a type takes. Everything that changes a resource reads it too; who creates
// updates and deletes as well. It fails for a type that [Types] does not have.
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
	// Idle are grants that no need is met by, and those whose needs other grants meet all of.
	Idle []Grant
	// Uses are the permissions that each grant is needed for, sorted, by the grant's index.
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
