//! Real captures, where `TAISHI_DATA` says where they are: counts that other dissectors found, and no panic anywhere.
