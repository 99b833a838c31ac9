package rest

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// Error is a refusal as Google's APIs word it.
type Error struct {
	// Code is the HTTP status code.
	Code int
	// Status is the canonical code's name, for example NOT_FOUND.
	Status  string
	Message string
	// Details are typed details (google.rpc.ErrorInfo and the like). Default: none.
	Details []any
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.Status, e.Message) }

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

// Invalid is 400: the request says what cannot be.
func Invalid(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, "INVALID_ARGUMENT", format, args)
}

// Precondition is 400: the request could be, but not as things stand.
func Precondition(format string, args ...any) *Error {
	return refuse(http.StatusBadRequest, "FAILED_PRECONDITION", format, args)
}

// Denied is 403.
func Denied(format string, args ...any) *Error {
	return refuse(http.StatusForbidden, "PERMISSION_DENIED", format, args)
}

// NotFound is 404.
func NotFound(format string, args ...any) *Error {
	return refuse(http.StatusNotFound, "NOT_FOUND", format, args)
}

// Exists is 409: the name is taken.
func Exists(format string, args ...any) *Error {
	return refuse(http.StatusConflict, "ALREADY_EXISTS", format, args)
}

// Aborted is 409: somebody else was faster.
func Aborted(format string, args ...any) *Error {
	return refuse(http.StatusConflict, "ABORTED", format, args)
}

// Internal is 500: the emulator failed, or plays that the API did.
func Internal(format string, args ...any) *Error {
	return refuse(http.StatusInternalServerError, "INTERNAL", format, args)
}

// asError gives any error the API's form; what is no refusal is the emulator's own failure and becomes a 500.
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

// ErrorInfo is the detail that says which project and which API a refusal is about.
func ErrorInfo(reason, consumer, service string) map[string]any {
	return map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
		"metadata": map[string]any{"consumer": consumer, "service": service}}
}
