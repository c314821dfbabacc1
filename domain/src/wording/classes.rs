//! Words that are alike in what a phrase is about, in five languages, as `wording` compares them.

/// Words that are alike in what a phrase is about, by their name.
pub(crate) type Classes = [(&'static str, &'static str)];

/// The classes that phrases refer to as `@name`.
pub(crate) const CLASSES: &Classes = &[
    ("train", TRAINING),
    ("body", BODY),
    ("kin", KIN),
    ("device", DEVICE),
    ("danger", DANGER),
    ("danger", MEDICINE),
    ("medicine", MEDICINE),
    ("allergen", ALLERGEN),
];

/// What one trains: where "dying" is a manner of speaking.
const TRAINING: &str = "wod workout* session* set sets rep reps squat* burpee* deadlift* lunge* \
   run runs running ran race races marathon* sprint* hill hills interval* wod wods metcon* amrap* \
   emom* fran murph leg legs legday gym class cardio row rowing rower erg bike treadmill spin \
   plank* thruster* swim* climb* stair* crossfit abs bench press snatch* pull pullup* pushup* \
   round rounds lap laps mile miles km kms minute* seconds hiit tabata training* trainier* \
   einheit* kniebeuge* kreuzheben lauf laufen gelaufen beintag satz satze satzen wiederholung* \
   runde* intervall* berg* treppe* liegestutz* klimmzug* studio muskelkater kurs sprints \
   schlitten entren* sesion* sentadill* pierna* carrera* serie series gimnasio rutina* cuesta* \
   abdominal* gym flexion* dominada* trineo entrain* seance* jambe* course courses salle cotes \
   pompes traction* abdos fentes circuit treino* treinar perna* corrida* agachament* academia \
   ladeira* abdominais flexoes circuito maratona tiro tiros 2k 5k 10k";

/// What of a body can be hurt, but for chest and head.
const BODY: &str = "knee knees back shoulder* hip hips ankle ankles elbow* wrist* neck \
   hamstring* quad quads calf calves shin shins foot feet heel heels achilles groin rib ribs hand \
   hands thumb* finger* toe toes glute* bicep* tricep* pec cuff spine tendon* ligament* acl mcl \
   meniscus arm arms leg legs forearm* thigh* collarbone tailbone sacrum si joint joints disc \
   muscle* knie knien rucken schulter* hufte* huft* knochel* sprunggelenk* ellenbogen ellbogen \
   handgelenk* nacken oberschenkel* wade waden schienbein* fuss fusse ferse* fersen \
   achillessehne* leiste* rippe* daumen zeh zehe zehen sehne* band bander meniskus kreuzband* \
   gelenk* muskel* arm arme bein beine steissbein lendenwirbel* wirbel* bizeps trizeps oberarm* \
   unterarm* unterschenkel* bandscheibe* kreuz schlusselbein* rodilla* espalda hombro* cadera* \
   tobillo* codo codos muneca* cuello isquio* cuadriceps gemelo* pantorrilla* espinilla* pie pies \
   talon* ingle costilla* mano manos dedo dedos menisco lumbar* brazo* pierna* muslo* clavicula \
   musculo* tendon* rotula cervical* aquiles cintura articulacion* genou genoux dos epaule* \
   hanche* cheville* coude* poignet* cou nuque ischio* cuisse* mollet* tibia* pied pieds aine \
   cote cotes main mains doigt* orteil* menisque lombaire* bras jambe* clavicule muscle* \
   articulation* adducteur* rotule joelho* costas ombro* quadril tornozelo* cotovelo* pulso* \
   punho* pescoco coxa coxas panturrilha* canela* pe pes calcanhar virilha* costela* mao maos \
   dedao tendao lombar* braco* perna* clavicula musculo* coluna articulacao*";

/// People, and animals, that one can lose.
const KIN: &str = "dad daddy father mom mum mam mommy mother brother* sister* wife husband son \
    daughter* grandma* grandpa* grandmother* grandfather* granny gran nan nana uncle* aunt* \
    auntie cousin* friend friends buddy partner girlfriend boyfriend fiance* teammate* dog cat \
    pet horse puppy baby nephew niece colleague* neighbour* neighbor* parent* stepdad stepmom \
    twin mate coworker* roommate* flatmate* ex kid kids child children dads moms mums wifes \
    husbands sons fathers partners vater papa mutter mama bruder schwester* frau mann sohn \
    tochter oma opa omi opi grossmutter grossvater onkel tante cousine* freund freundin kumpel \
    hund hundin katze kater pferd kind neffe nichte kollege* kollegin eltern* schwiegervater \
    schwiegermutter verlobte* padre madre hermano* hermana* esposa esposo marido mujer hijo hija \
    abuelo* abuela* abuelita abuelito tio tia primo prima amigo* amiga* novio novia perro perra \
    perrito perrita gatito gatita gato gata mascota bebe sobrino sobrina companero* suegro \
    suegra pareja cunado pere mere maman frere* soeur* femme mari fils fille grand oncle ami \
    amie amis copain copine chien chienne chat chatte neveu collegue* papi mamie papy mamy \
    compagnon compagne pai mae irmao irma mulher filho filha avo vovo vo namorad* cachorr* \
    sobrinho sobrinha sogro sogra colega*";

/// Things that die without anybody's grief.
const DEVICE: &str = "watch watches phone battery batteries garmin headphones earbuds laptop \
   strap sensor app headset charger scale screen tv uhr handy akku batterie kopfhorer pulsgurt \
   telefon reloj telefono movil celular bateria auriculares cascos banda pila montre telephone \
   ecouteurs portable capteur ceinture relogio telefone fone fones pulseira cinta aparelho";

/// What a safety fact is told by, most of it.
const DANGER: &str = "allerg* alerg* intoleran* asthm* asma asmatic* diabet* epilep* pregnan* \
    schwanger* embaraz* enceinte grossesse gravid* hernia* hernie* fractur* fratur* gebrochen \
    broke broken break torn tore tear sprain* tendin* tendon* injur* injury lesion* lesao \
    verletz* blesse* blessure* surgery operation operiert cirugia cirurgia pain pains hurt hurts \
    hurting schmerz* dolor dor duele doi douleur* mal weh migraine* migran* enxaqueca* jaqueca* \
    depress* depres* anxiety ansiedad* anxiete angst* cancer cancro krebs* hypertens* hipertens* \
    bluthochdruck pressure blutdruck presion tension pressao thyroid* schilddruse* tiroid* \
    tireoid* insulin* insulina medication* meds medicine* medikament* medicament* medicacion \
    remedio* tablet* tablette* tabletten pill pills pille pilule pildora pastilla* comprimido* \
    ibuprofen* antibiotic* antibiotik* heart herz* corazon coeur coracao cardiac* cardiaque \
    stroke infarkt infarto infarctus arthr* artr* rheuma* reuma* celiac* zoliakie coeliaque \
    gluten lactose lactosa nuts nut peanut* penicillin* latex anemi* anami* bulimi* anorexi* \
    essstorung* acl meniscus menisco* menisque* disc bandscheibe* kreuzband* condition disease \
    illness sclerosis ms disorder seizure* implant* pacemaker breastfeed* breastfeeding newborn \
    birth baby entorse esguince concuss* dislocat* problem* problema* probleme* chemo* copd hiv \
    lupus pcos thromb* trombo* blocker* thinner* neurodermitis ekzem* eczema* adhd tdah bipolar \
    schlaganfall* herzinfarkt* avc ictus derrame attack* enfarte embol* stent* chronic* \
    parkinson* alzheimer* crohn* epilepsi*";

/// What is taken against something, by kind, substance and brand.
const MEDICINE: &str = "metformin* insulin* ibuprofen* betablocker* betabloque* betabloqueador* \
    warfarin* coumadin xarelto eliquis apixaban rivaroxaban marcumar sintrom aspirin* ass100 \
    statin* estatina* atorvastatin* simvastatin* rosuvastatin* lisinopril ramipril amlodipin* \
    metoprolol bisoprolol propranolol atenolol carvedilol losartan* valsartan* candesartan \
    enalapril* furosemid* hydrochlorothiazid* hctz spironolacton* ventolin* ventoline salbutamol \
    albuterol symbicort seretide flixotide budesonid* inhaler* inhalador* inhalateur* inhalator* \
    puffer asthmaspray* kortisonspray* bronchodilat* broncodilat* levothyroxin* thyroxin* \
    thyroxine euthyrox synthroid eutirox levotiroxina levothyrox puran sertralin* zoloft prozac \
    fluoxetin* escitalopram citalopram lexapro cipralex venlafaxin* effexor duloxetin* cymbalta \
    bupropion wellbutrin elontril mirtazapin* quetiapin* seroquel lithium litio lamotrigin* \
    lamictal keppra levetiracetam valproat* xanax alprazolam lorazepam tavor diazepam valium \
    rivotril clonazepam ritalin* methylphenidat* medikinet adderall vyvanse elvanse concerta \
    venvanse lisdexamfetamin* prednison* prednisolon* kortison* cortison* cortisone corticoid* \
    corticosteroid* methotrexat* mtx humira adalimumab enbrel biologic* ozempic wegovy saxenda \
    semaglutid* mounjaro tirzepatid* jardiance forxiga empagliflozin victoza liraglutid* \
    pantoprazol* omeprazol* gabapentin* pregabalin* lyrica tramadol* tilidin codein* oxycodon* \
    opioid* naproxen* naproxene diclofenac* voltaren* celecoxib meloxicam contraceptiv* \
    contraceptif* contraception anticonceptiv* anticonceptional anticoncepcional blutverdunn* \
    anticoagul* antidepress* antihistamin* cetirizin* loratadin* fexofenadin* tamoxifen* \
    letrozol* anastrozol* testosteron* trt estradiol ostrogen* hrt ssri ssris snri \
    antihypertensi* antihipertensiv* blutdrucksenk* isotretinoin* accutane roaccutan* roacutan \
    finasterid* nitroglycerin* nitro nitrospray antibiotic* antibiotik* antibiotique* \
    antiepilept* anticonvuls* schmerzmittel painkiller* analgesic* analgesico* antidouleur* \
    antidolor* antiinflammatory* antiinflamatori* antiinflammatoire* immunosuppress* \
    immunsuppress* inmunosupres* imunossupress* tacrolimus clopidogrel plavix digoxin* \
    amiodaron* flecainid* hydroxychloroquin* sumatriptan triptan* topiramat* allopurinol* \
    colchicin* carbimazol* methimazol* tadalafil sildenafil spiriva dupixent stelara cosentyx \
    antiarrhythm* cialis viagra entresto sacubitril montelukast singulair modafinil \
    dexamethason* trulicity dulaglutid* tirosint brilinta ticagrelor paxil paroxetin* \
    hydroxyzin* atarax synjardy naltrexon* methadon* suboxone buprenorphin* truvada novalgin \
    metamizol* dipirona nolotil opipramol paracetamol tylenol panadol olanzapin* zyprexa \
    risperidon* aripiprazol* abilify buspiron* trazodon* nortriptylin* amitriptylin* strattera \
    atomoxetin* guanfacin* zolpidem ambien zopiclon* temazepam carbamazepin* tegretol \
    oxcarbazepin* phenytoin* lacosamid* levodopa madopar donepezil torasemid* torsemid* \
    bumetanid* chlortalidon* indapamid* telmisartan olmesartan* irbesartan perindopril captopril \
    nebivolol diltiazem verapamil nifedipin* ivabradin* ranolazin* ezetimib* pravastatin* \
    pitavastatin* repatha praluent enoxaparin* lovenox clexane heparin* dabigatran pradaxa \
    edoxaban lixiana phenprocoumon acenocumarol fluindion* previscan gliclazid* glimepirid* \
    glipizid* sitagliptin* januvia dapagliflozin* rybelsus lantus humalog novorapid novolog \
    tresiba toujeo xultophy sulfasalazin* azathioprin* imuran mesalazin* infliximab remicade \
    ustekinumab secukinumab rituximab ocrelizumab tofacitinib xeljanz rinvoq ocrevus tecfidera \
    kesimpta prolia denosumab alendronat* fosamax zoledron* strontium liothyronin* cytomel \
    thiamazol* desloratadin* levocetirizin* fluticason* advair trelegy breo tiotropium \
    formoterol salmeterol ipratropium foradil berodual clenil flutiform fostair trimbow \
    microgynon yasmin mirena nuvaring nexplanon progesteron* clomid clomifen* abiraterone \
    enzalutamid* goserelin zoladex leuprorelin* imatinib ibrutinib minoxidil dutasterid* \
    tamsulosin* aciclovir* valaciclovir* biktarvy descovy dolutegravir amoxicillin* doxycyclin* \
    ciprofloxacin* azithromycin* etoricoxib arcoxia ketorolac ketoprofen* morphin* fentanyl \
    hydromorphon* tapentadol palexia targin nabilone baclofen tizanidin* cyclobenzaprin* \
    erenumab aimovig ajovy emgality rizatriptan* zolmitriptan* propylthiouracil* kisqali ibrance \
    verzenio";

/// What people do not tolerate, in English.
const ALLERGEN: &str = "nuts nut peanuts peanut almonds cashews walnuts hazelnuts shellfish \
    shrimp crab lobster fish eggs egg milk dairy soy wheat gluten lactose kiwi strawberries \
    sesame mustard celery banana bananas avocado latex nickel chlorine penicillin amoxicillin \
    aspirin ibuprofen bees bee wasps wasp stings plasters pollen dust cats dogs pecans \
    pistachios mango pineapple tomato tomatoes garlic onion onions corn msg sulfa sulfites \
    iodine tape adhesive venom feathers mold mould hay grass oats whey casein soya prawns \
    mussels oysters seafood tuna salmon almond cashew walnut hazelnut apples peaches cherries \
    codeine contrast henna rubber wool detergent sunscreen";
