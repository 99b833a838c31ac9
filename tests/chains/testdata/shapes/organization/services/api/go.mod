module desk/api

go 1.26
