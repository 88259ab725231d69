//! Every answer of the mock company, and what it means.
