package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// Error is a refusal in the words of Google's APIs.
type Error struct {
	// Code is the HTTP status code.
	Code int
	// Status is the name of the canonical code, for example NOT_FOUND.
	Status string
	// Message is the text for a person, in the API's own words.
	Message string
	// Details are typed details (google.rpc.ErrorInfo and the like). Default: none.
	Details []any
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.Status, e.Message) }

// about returns the refusal of one resource. In the text, {name}, {id}, {project} and {location} stand for what the resource's name
// says, and {given} for the id in a request to create it.
func (e *Error) about(n Name, given string) *Error {
	refusal := *e
	refusal.Message = strings.NewReplacer("{name}", n.Shown(), "{id}", strings.ReplaceAll(n.ID(), "%2F", "/"), "{project}", n.Project.ID,
		"{location}", n.Location(), "{given}", given).Replace(e.Message)
	return &refusal
}

func (e *Error) body() any {
	inner := map[string]any{"code": e.Code, "message": e.Message, "status": e.Status}
	if len(e.Details) > 0 {
		inner["details"] = e.Details
	}
	return map[string]any{"error": inner}
}

func refuse(code int, status, format string, args []any) *Error {
	return &Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}
}

// Invalid returns a 400: the request is wrong in any state.
func Invalid(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", format, args)
}

// Precondition returns a 400: the request is wrong in the current state.
func Precondition(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, "FAILED_PRECONDITION", format, args)
}

// Denied returns a 403.
func Denied(format string, args ...any) *Error {
	return refuse(http.StatusForbidden, "PERMISSION_DENIED", format, args)
}

// NotFound returns a 404.
func NotFound(format string, args ...any) *Error {
	return refuse(http.StatusNotFound, "NOT_FOUND", format, args)
}

// Exists returns a 409: the name is taken.
func Exists(format string, args ...any) *Error {
	return refuse(http.StatusConflict, "ALREADY_EXISTS", format, args)
}

// Aborted returns a 409: another change came first.
func Aborted(format string, args ...any) *Error {
	return refuse(http.StatusConflict, "ABORTED", format, args)
}

// Internal returns a 500: the emulator failed, or a fault makes the API fail.
func Internal(format string, args ...any) *Error {
	return refuse(http.StatusInternalServerError, "INTERNAL", format, args)
}

// asError converts any error to the API's form. An error that is not a refusal is the emulator's own failure and becomes a 500.
func asError(err error) *Error {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal
	}
	var violation *schema.Error
	if errors.As(err, &violation) {
		fields := make([]any, len(violation.Violations))
		for i, v := range violation.Violations {
			field := map[string]any{"description": v.Description}
			if v.Field != "" {
				field["field"] = v.Field
			}
			fields[i] = field
		}
		e := Invalid("%s", violation)
		e.Details = []any{map[string]any{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": fields}}
		return e
	}
	return Internal("%v", err)
}

// ErrorInfo is the error detail that names the project and the API of a refusal.
func ErrorInfo(reason, consumer, service string) map[string]any {
	return map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
		"metadata": map[string]any{"consumer": consumer, "service": service}}
}
