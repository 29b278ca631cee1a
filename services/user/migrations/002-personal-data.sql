-- E-mail address and name are sealed with the user's key; a user is found by a keyed hash of the e-mail address. What is
-- stored open is sealed by the service when it starts, before anybody asks it.
alter table users rename column email to email_hash;
