"""Passwords of ten and more characters that everybody tries first. Own list; compared in lower case."""

from typing import Final

WORDS: Final = """
    0987654321 1029384756 1111122222 1122334455 1212121212 123123123123 1231231234 1234512345 12345678900 1234567890a
    1234567890q 1234567891 12345678910 1234567899 123456789a 123456789abc 123456789q 123456789qwe 1234qwerasdf 1234qwer1234
    1357924680 1472583690 1472583695 1593574862 1a2b3c4d5e 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc
    1qaz2wsx3edc4rfv 1qazxsw23edc 2468101214 3.14159265 3141592653 31415926535 7894561230 9876543210 9876543211
    a1b2c3d4e5 a1b2c3d4e5f6 a123456789 aa123456789 aaaaabbbbb abc1234567 abc123456789 abcd123456 abcd12345678 abcdefg123
    abcdefghij access1234 admin12345 admin123456 administrator adminadmin adminadmin123 adobe12345 america123 anthony123
    arsenal123 asdf123456 asdfasdf123 asdfghjkl1 asdfghjkl123 asdfjkl123 asdfqwer1234 australia1 baseball12 baseball123
    basketball basketball1 basketball123 batman1234 beautiful1 blink182182 butterfly1 butterfly123 bonifacio1 changeme12
    changeme123 changeme1234 charlie123 cheerleader chocolate1 chocolate123 christian1 christine1 christmas1 christopher
    computer12 computer123 consultant counterstrike daniel1234 default123 development dragon1234 dragonball elephant123
    elizabeth1 everything facebook12 facebook123 ferrari123 filipinas1 filipinas123 football12 football123 forever123
    freedom123 freedom1234 friendship gabriel123 georgina123 godisgood1 godislove1 godislove123 goodmorning google1234
    hello12345 hello123456 hellohello helloworld helloworld1 helloworld123 iamawesome ilovegod123 iloveyou12 iloveyou123
    iloveyou1234 iloveyou143 iloveyou22 iloveyoumore iloveyousomuch iloveyouso ilovejesus ilovemymom ilovemyself
    ilovephilippines internet12 internet123 jesuschrist jesuschrist1 jesuslovesme jessica123 jollibee123 jordan2323
    jordan12345 justinbieber kapamilya1 kapuso1234 kasambahay kumusta123 lakers2424 letmein123 letmein1234 linkinpark
    liverpool1 liverpool123 loveforever lovelove12 lovelove123 loveme1234 loveyou123 mabuhay123 mahalkita1 mahalkita12
    mahalkita123 mahalkita143 mahalkoikaw manchester manila12345 manila1234 maganda123 marketing1 master1234 masterkey1
    matthew123 mercedes123 michael123 michelle12 microsoft1 midnight12 minecraft1 minecraft123 monkey1234 motherlode
    mypassword mypassword1 mypassword123 naruto1234 nicholas123 nothing123 nintendo64 onepiece123 operations p@ssw0rd12
    p@ssw0rd123 p@ssw0rd1234 p@ssword12 p@ssword123 pakistan123 pass123456 pass1234567 pass12345678 passpass12 passpass123
    passw0rd12 passw0rd123 passw0rd1234 password00 password01 password10 password11 password12 password123 password123!
    password1234 password12345 password123456 password2020 password2021 password2022 password2023 password2024
    password2025 password2026 password21 password22 password99 passwordpassword password!! password1! philippines
    philippines1 philippines123 philippine pilipinas1 pilipinas123 pokemon123 pokemon1234 precious123 princess12
    princess123 princess1234 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx1234 qazwsx123456 qazwsxedc1 qazwsxedc123 qazwsxedcrfv
    qwe123456789 qweasd1234 qweasdzxc1 qweasdzxc123 qweqweqwe1 qwer123456 qwer12345678 qwerasdfzxcv qwerqwer12 qwert12345
    qwert123456 qwerty1234 qwerty12345 qwerty123456 qwerty1234567 qwerty12345678 qwerty123456789 qwertyqwerty qwertyuiop
    qwertyuiop1 qwertyuiop12 qwertyuiop123 qwertyuiop[] rainbow123 rockyou123 rolltide12 sandwiches santiago123
    samsung123 samsung1234 secret1234 september1 sebastian1 service123 shadow1234 slipknot666 snowflake1 soccer1234
    spiderman1 spiderman123 spongebob1 starcraft1 starwars12 starwars123 strawberry strawberry1 sunflower1 sunshine12
    sunshine123 sunshine1234 superman12 superman123 superman1234 superstar1 sweetheart sweetheart1 system1234 tagalog123
    temp123456 temporary1 temporary123 test123456 test1234567 test12345678 testing123 testing1234 testtest12 testtest123
    thomas1234 tinkerbell tinkerbell1 trustno1trustno1 trustnoone unbelievable undertaker university valentine1
    victoria123 wachtwoord1 wachtwoord welcome123 welcome1234 welcome12345 whatever12 whatever123 winner1234 wrestling1
    yellowsubmarine yourmother zamboanga1 zamboanga123 zaq12wsxcde3 zaq1xsw2cde3 zxcvbnm123 zxcvbnm1234 zxcvbnmasdfghjkl
    zxcvbnmzxcvbnm iayos12345 iayos123456 iayosiayos
"""
COMMON: Final = frozenset(WORDS.split())
