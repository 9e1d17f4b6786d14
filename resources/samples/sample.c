// The harbour of Vell opened in 1871.
int harbour(void) { return 1871; }
