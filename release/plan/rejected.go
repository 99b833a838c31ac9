package plan

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxRejected is how many rejected revisions are remembered; after that the oldest is forgotten. Cloud Run allows 2,000 tags per project
// and region, and a revision with a tag cannot be deleted.
const maxRejected = 50

// rejectedNumber returns the number in a rejected tag: 1 for "rejected", 2 for "rejected2"; 0 for any other tag.
func rejectedNumber(tag string) int {
	digits, ok := strings.CutPrefix(tag, TagRejected)
	if ok && digits == "" {
		return 1
	}
	if number, err := strconv.Atoi(digits); ok && err == nil && number > 1 && strconv.Itoa(number) == digits {
		return number
	}
	return 0
}

func rejectedTag(number int) string {
	if number == 1 {
		return TagRejected
	}
	return TagRejected + strconv.Itoa(number)
}

// rejectedByNumber maps the numbers of the rejected tags to their revisions, in the effective and in the desired list.
func (s Service) rejectedByNumber() map[int]string {
	numbers := map[int]string{}
	for _, list := range [][]Target{s.Effective, s.Desired} { // The desired list comes last, so that it overwrites the effective one.
		for _, target := range list {
			if number := rejectedNumber(target.Tag); number > 0 {
				numbers[number] = s.resolve(target)
			}
		}
	}
	return numbers
}

// rejected lists the rejected revisions, the last one first: number 1, then from the highest number down.
func (s Service) rejected() []string {
	numbers := s.rejectedByNumber()
	var list []string
	for _, number := range newestFirst(numbers) {
		if !slices.Contains(list, numbers[number]) {
			list = append(list, numbers[number])
		}
	}
	return list
}

func newestFirst(numbers map[int]string) []int {
	order := slices.Sorted(maps.Keys(numbers))
	slices.Reverse(order)
	if len(order) > 0 && order[len(order)-1] == 1 {
		order = append([]int{1}, order[:len(order)-1]...)
	}
	return order
}

// rejections returns the rejected tags after newest have joined them (the newest last) and spared has left them; each may be empty. A
// revision keeps its number, except that the holder of "rejected" gives that tag to the newest one.
func (s Service) rejections(spared string, newest ...string) []Target {
	numbers := s.rejectedByNumber()
	for _, one := range append([]string{""}, newest...) {
		reject(numbers, one, spared)
	}
	order := newestFirst(numbers)
	var list []Target
	for _, number := range order[:min(len(order), maxRejected)] {
		list = append(list, Target{Revision: numbers[number], Tag: rejectedTag(number)})
	}
	return list
}

func reject(numbers map[int]string, newest, spared string) {
	seen := map[string]bool{"": true, spared: true}
	for _, number := range newestFirst(numbers) {
		revision := numbers[number]
		if seen[revision] || revision == newest && number != 1 {
			delete(numbers, number)
		}
		seen[revision] = true
	}
	if last := numbers[1]; newest != "" && newest != spared && last != newest {
		if last != "" {
			numbers[max(1, slices.Max(slices.Collect(maps.Keys(numbers))))+1] = last
		}
		numbers[1] = newest
	}
}
